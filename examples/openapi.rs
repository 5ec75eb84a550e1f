//! Writes the API's description to `assets/openapi.json`: `npm run openapi`.

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json");
    std::fs::write(path, format!("{:#}\n", reelay::api::openapi::document()))
}
