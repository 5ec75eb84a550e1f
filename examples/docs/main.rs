//! Writes the generated parts of the pages in `docs/`: `npm run openapi`.

mod pages;

fn main() -> std::io::Result<()> {
    for page in pages::PAGES {
        let path = page.path();
        let text = std::fs::read_to_string(&path)?;
        std::fs::write(&path, page.updated(&text).map_err(std::io::Error::other)?)?;
    }
    Ok(())
}
