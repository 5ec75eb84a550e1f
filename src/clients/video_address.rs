//! The addresses from which a video may be fetched.
//!
//! The upstream names the address of its video, and so does each redirect. A wrong address must not
//! give access to a private network. Except from the configured upstream itself, a video is fetched
//! only from public hosts and only over HTTPS. A public name that resolves to a private address
//! cannot be detected here.

use std::net::{Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Last labels of names that no public host has.
const PRIVATE_NAMES: [&str; 12] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "arpa",
    "invalid",
    "onion",
];

/// IPv4 networks that are not public, each by its first address and prefix length (IANA's registry
/// of special-purpose addresses), and the one public address at which a cloud serves its instances'
/// secrets.
const PRIVATE_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([168, 63, 129, 16], 32),
];

/// IPv6 networks within the global unicast range that are not public or embed IPv4.
const PRIVATE_V6: [([u16; 2], u32); 4] = [
    ([0x2001, 0], 23),
    ([0x2001, 0x0db8], 32),
    ([0x2002, 0], 16),
    ([0x3fff, 0], 20),
];

/// Whether a video may be fetched from `url`; `own` is the configured address of the upstream.
pub fn may_be_fetched(url: &Url, own: &Url) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let is_own = url.origin() == own.origin() && matches!(url.scheme(), "http" | "https");
    is_own || (url.scheme() == "https" && url.host().is_some_and(|host| is_public(&host)))
}

fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_public_name(name),
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

/// The URL parser has lowercased the name.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    match name.rsplit_once('.') {
        Some((_, end)) => !PRIVATE_NAMES.contains(&end),
        // A single label resolves in the local network.
        None => false,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(first, length): &([u8; 4], u32)| {
        (address.to_bits() ^ Ipv4Addr::from(*first).to_bits()).leading_zeros() >= *length
    };
    !PRIVATE_V4.iter().any(within)
}

/// All public addresses are in `2000::/3`; the forms that embed an IPv4 address are outside it or
/// listed above.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let bits = (u32::from(first) << 16) | u32::from(second);
    let within = |([high, low], length): &([u16; 2], u32)| {
        (bits ^ ((u32::from(*high) << 16) | u32::from(*low))).leading_zeros() >= *length
    };
    first >> 13 == 1 && !PRIVATE_V6.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::may_be_fetched;
    use url::Url;

    fn may(url: &str, own: &str) -> bool {
        // A URL that cannot be parsed is not fetched.
        Url::parse(url).is_ok_and(|url| may_be_fetched(&url, &Url::parse(own).expect("an address")))
    }

    const GOOGLE: &str = "https://generativelanguage.googleapis.com";

    #[test]
    fn public_hosts_are_fetched_from() {
        for host in [
            "storage.googleapis.com",
            "cdn.example.com:8443",
            "cdn.example.com.",
            "local.example.com",
            "localhost.example.com",
            "xn--bcher-kva.example",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2606:4700::1111]",
            "[2001:4860:4860::8888]",
        ] {
            assert!(
                may(&format!("https://{host}/v.mp4?signature=x"), GOOGLE),
                "{host}"
            );
        }
    }

    #[test]
    fn hosts_that_are_not_public_are_not_however_they_are_written() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "localhost:8787",
            "printer.local",
            "minio",
            "metadata",
            "metadata.google.internal",
            "metadata.google.internal.",
            "instance-data.ec2.internal",
            "db.corp",
            "nas.lan",
            "router.home.arpa",
            "x.intranet",
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "0.0.0.0",
            "127.255.255.254",
            "%31%32%37.0.0.1",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.1",
            "192.168.1.1:9000",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[::ffff:8.8.8.8]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::a00:1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[3fff::1]",
            "[100::1]",
            "[5f00::1]",
        ] {
            assert!(!may(&format!("https://{host}/v.mp4"), GOOGLE), "{host}");
        }
        assert!(!may("https://①②⑦.0.0.1/v.mp4", GOOGLE));
    }

    #[test]
    fn nothing_is_fetched_unencrypted_by_another_scheme_or_with_credentials() {
        for url in [
            "http://cdn.example.com/v.mp4",
            "http://generativelanguage.googleapis.com/v.mp4",
            "ftp://cdn.example.com/v.mp4",
            "file:///etc/passwd",
            "data:video/mp4;base64,AAAA",
            "blob:https://cdn.example.com/x",
            "ws://cdn.example.com/",
            "https://user@cdn.example.com/v.mp4",
            "https://user:word@cdn.example.com/v.mp4",
            "https://:word@cdn.example.com/v.mp4",
            "https://user:word@generativelanguage.googleapis.com/v.mp4",
            "v.mp4",
            "",
        ] {
            assert!(!may(url, GOOGLE), "{url}");
        }
    }

    #[test]
    fn the_configured_upstream_itself_is_fetched_from_wherever_it_is() {
        let own = "http://127.0.0.1:8788/v1beta";
        assert!(may("http://127.0.0.1:8788/files/v.mp4", own));
        assert!(may("http://2130706433:8788/files/v.mp4", own));
        for other in [
            "http://127.0.0.1:8789/v.mp4",
            "https://127.0.0.1:8788/v.mp4",
            "http://localhost:8788/v.mp4",
            "http://[::1]:8788/v.mp4",
            "http://user:word@127.0.0.1:8788/v.mp4",
        ] {
            assert!(!may(other, own), "{other}");
        }
        assert!(may("https://10.0.0.7:8443/v.mp4", "https://10.0.0.7:8443"));
        assert!(
            may("https://cdn.example.com/v.mp4", own),
            "public hosts are allowed for a local upstream too"
        );
    }
}
