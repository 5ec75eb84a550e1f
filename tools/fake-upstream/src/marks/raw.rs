//! A mark that contains a complete answer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `STATUS,BODY[,RETRY_AFTER]`, the last two in base64url without padding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// With `{name}`, `{uri}` and `{film}` for the operation's name, its video's address and its
    /// bytes.
    pub(crate) body: String,
    pub(crate) retry_after: Option<String>,
}

impl Raw {
    /// Parses the argument of a mark.
    pub(super) fn read(argument: Option<&str>) -> Option<Self> {
        let mut parts = argument?.split(',');
        let status = parts
            .next()?
            .parse()
            .ok()
            .filter(|status| (200..=599).contains(status))?;
        let body = text(parts.next()?)?;
        let retry_after = match parts.next() {
            Some(value) => Some(text(value)?),
            None => None,
        };
        parts.next().is_none().then_some(Self {
            status,
            body,
            retry_after,
        })
    }
}

fn text(base64: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(base64).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::Raw;

    #[test]
    fn an_answer_has_a_status_a_body_and_perhaps_a_delay() {
        let read = |argument: &str| Raw::read(Some(argument));
        let raw = |body: &str, after: Option<&str>| Raw {
            status: 429,
            body: body.to_owned(),
            retry_after: after.map(str::to_owned),
        };
        assert_eq!(read("429,"), Some(raw("", None)));
        assert_eq!(read("429,e30"), Some(raw("{}", None)));
        assert_eq!(read("429,e30,Nw"), Some(raw("{}", Some("7"))));
        for bad in ["", "429", "99,e30", "x,e30", "429,{}", "429,e30,Nw,Nw"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
