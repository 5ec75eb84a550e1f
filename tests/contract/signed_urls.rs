//! A signed URL opens one video for a limited time, and nothing else.

use proptest::prelude::*;
use reelay::ids::JobKey;
use reelay::signed_url::UrlSigner;
use std::collections::BTreeMap;
use url::Url;

const SECRET: &[u8] = b"a secret of more than 32 bytes for tests";
const EXPIRES: u64 = 1_767_225_600;

/// The parts of a signed URL.
struct Parts {
    id: String,
    user: String,
    expires: String,
    signature: String,
}

impl Parts {
    fn verify(&self, signer: &UrlSigner, now: u64) -> bool {
        signer.verify(&self.user, &self.id, &self.expires, &self.signature, now)
    }
}

fn signer() -> UrlSigner {
    UrlSigner::derive(SECRET)
}

fn signed() -> Parts {
    parts(&signer().sign(
        "https://reelay.example.com",
        &JobKey::new("auth0|u+1@x", "g_1"),
        EXPIRES,
    ))
}

fn parts(address: &str) -> Parts {
    let url = Url::parse(address).expect("an address");
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let id = url.path().split('/').nth(3).expect("an id").to_owned();
    let of = |name: &str| query.get(name).expect("a parameter").clone();
    Parts {
        id,
        user: of("user"),
        expires: of("expires"),
        signature: of("signature"),
    }
}

#[test]
fn an_address_is_valid_until_it_expires() {
    let parts = signed();
    assert_eq!(
        (parts.id.as_str(), parts.user.as_str()),
        ("g_1", "auth0|u+1@x")
    );
    assert!(parts.verify(&signer(), EXPIRES - 1));
    assert!(!parts.verify(&signer(), EXPIRES));
    assert!(!parts.verify(&signer(), EXPIRES + 1));
}

#[test]
fn an_address_leads_to_the_video_under_the_public_url() {
    let address = signer().sign(
        "https://reelay.example.com",
        &JobKey::new("u_1", "g_1"),
        EXPIRES,
    );
    assert!(
        address
            .starts_with("https://reelay.example.com/api/generations/g_1/video?user=u_1&expires=1767225600&signature=")
    );
}

#[test]
fn a_change_in_any_part_is_noticed() {
    let change: [fn(&mut Parts); 9] = [
        |parts| parts.id = "g_2".to_owned(),
        |parts| parts.user = "u_2".to_owned(),
        |parts| parts.expires = (EXPIRES + 1).to_string(),
        |parts| parts.expires = format!("0{EXPIRES}"),
        |parts| parts.expires = format!("+{EXPIRES}"),
        |parts| parts.expires = String::new(),
        |parts| parts.signature = String::new(),
        |parts| parts.signature.truncate(20),
        |parts| parts.signature = format!("{}=", parts.signature),
    ];
    for (index, change) in change.iter().enumerate() {
        let mut parts = signed();
        change(&mut parts);
        assert!(!parts.verify(&signer(), 0), "change {index}");
    }
}

#[test]
fn moving_a_boundary_between_the_parts_is_noticed() {
    let signer = signer();
    let of = |user: &str, id: &str| {
        parts(&signer.sign("https://x", &JobKey::new(user, id), EXPIRES)).signature
    };
    assert_ne!(of("u_1", "g"), of("u_", "1g"));
    let signature = of("u_1", "g");
    let expires = EXPIRES.to_string();
    assert!(!signer.verify("u_1\ng", "", &expires, &signature, 0));
    assert!(!signer.verify("", "u_1\ng", &expires, &signature, 0));
}

#[test]
fn another_secret_signs_nothing_here() {
    assert!(!signed().verify(
        &UrlSigner::derive(b"another secret of more than 32 bytes"),
        0
    ));
}

#[test]
fn the_signing_key_is_not_the_token_secret() {
    use base64::Engine;
    use hmac::Mac;
    let mut direct = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET).expect("any length");
    direct.update(format!("v1\nu_1\ng_1\n{EXPIRES}").as_bytes());
    let signature =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(direct.finalize().into_bytes());
    assert!(!signer().verify("u_1", "g_1", &EXPIRES.to_string(), &signature, 0));
}

#[test]
fn a_signer_does_not_show_its_key() {
    assert_eq!(format!("{:?}", signer()), "UrlSigner(secret)");
}

proptest! {
    #[test]
    fn a_flipped_bit_of_the_signature_is_noticed(index in 0_usize..43, character in "[A-Za-z0-9_-]") {
        let mut parts = signed();
        let changed: String = parts.signature.chars().enumerate()
            .map(|(at, own)| if at == index { character.chars().next().unwrap_or(own) } else { own })
            .collect();
        let same = changed == parts.signature;
        parts.signature = changed;
        prop_assert_eq!(parts.verify(&signer(), 0), same);
    }

    #[test]
    fn nothing_makes_verifying_panic(user: String, id: String, expires: String, signature: String) {
        prop_assert!(!signer().verify(&user, &id, &expires, &signature, 0));
    }
}
