//! Telling other systems: what is told, when a failed delivery is tried again, and where a message may go at all.
//!
//! Why separate: the company's work-order system is not ours; these are the manners towards it. Deliveries are at least once,
//! each message with its id, so a receiver keeps the ids it has seen.

use crate::coded::coded;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

coded! {
    /// What is told.
    WebhookEvent {
        /// A rule opened a case.
        CaseOpened = "case.opened": "新开异常", "a case was opened";
        /// A person confirmed it.
        CaseConfirmed = "case.confirmed": "异常已确认", "a case was confirmed";
        /// A person dismissed it.
        CaseDismissed = "case.dismissed": "异常已排除", "a case was dismissed";
        /// Somebody took it up.
        CaseInWork = "case.in_work": "异常处理中", "a case is in work";
        /// It is done.
        CaseResolved = "case.resolved": "异常已办结", "a case was resolved";
        /// It was given to somebody, or its due time changed.
        CaseAssigned = "case.assigned": "异常已派单", "a case was assigned";
        /// Sent when asked for, to try the way.
        Test = "test": "测试", "a test";
    }
}

/// How often a message is tried before it is given up: 12 times in about three days.
pub const MOST_ATTEMPTS: u32 = 12;
const FIRST_WAIT_MS: u64 = 5_000;
const LONGEST_WAIT_MS: u64 = 12 * 3_600_000;

/// How long to wait after the `attempts`-th failed try: 5 s, then five times as long each, 12 hours at most, less up to a
/// quarter by `chance` (0 to 65,535), so that receivers back from a failure are not met by all at once. `None`: given up.
#[must_use]
pub fn wait_ms(attempts: u32, chance: u16) -> Option<u64> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let full = FIRST_WAIT_MS.saturating_mul(5_u64.saturating_pow(attempts.saturating_sub(1))).min(LONGEST_WAIT_MS);
    Some(full - full / 4 * u64::from(chance) / u64::from(u16::MAX))
}

/// What an answer means for a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Taken.
    Done,
    /// Try again later.
    Again,
    /// The receiver wants no more of this subscription (410 Gone).
    Gone,
}

/// Judges a status. A redirect is a failure: a message goes where an administrator said and nowhere else (SECURITY 20).
#[must_use]
pub const fn delivery(status: u16) -> Delivery {
    match status {
        200..=299 => Delivery::Done,
        410 => Delivery::Gone,
        _ => Delivery::Again,
    }
}

/// Whether an address belongs to the public internet: nothing of this machine, this network, or set aside for special use
/// (SECURITY 20).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || (a == 100 && b & 0xC0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xFE == 18)
        || a >= 240;
    !is_special
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, ..] = address.segments();
    // 2000::/3 is all that is given out; of it, documentation, Teredo, ORCHID and 6to4 (which hides an IPv4 address) are not.
    a & 0xE000 == 0x2000
        && !(a == 0x2001 && (b == 0xDB8 || b < 0x200))
        && a != 0x2002
        && !(a == 0x3FFF && b < 0x1000)
        && !(a == 0x64 && b == 0xFF9B && c == 0 && d == 0)
}

/// Whether a URL begins with one of the prefixes an installation allows. Scheme, host and port must be the same; the path must
/// lie below the allowed one.
#[must_use]
pub fn is_allowed(url: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|prefix| {
        let prefix = prefix.trim_end_matches('/');
        url.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            && prefix.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
            && !url.contains("/../")
            && !url.contains('@')
            && !url.contains('\\')
    })
}

/// What is signed: id, time and body, as Standard Webhooks has it.
#[must_use]
pub fn signed_content(message_id: &str, timestamp_s: i64, body: &str) -> String {
    format!("{message_id}.{timestamp_s}.{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_fivefold_to_half_a_day_and_end() {
        let waits: Vec<_> = (1..=MOST_ATTEMPTS).map(|attempts| wait_ms(attempts, 0)).collect();
        let hours = |ms: u64| Some(ms * 3_600_000);
        assert_eq!(waits[..4], [Some(5_000), Some(25_000), Some(125_000), Some(625_000)]);
        assert_eq!((waits[6], waits[10], waits[11]), (hours(12), hours(12), None));
        let all: u64 = waits.iter().flatten().sum();
        assert!((2 * 86_400_000..4 * 86_400_000).contains(&all), "{all}");
        assert_eq!(wait_ms(1, u16::MAX), Some(3_750));
        assert!(wait_ms(u32::MAX, 0).is_none() && wait_ms(0, 0).is_some());
    }

    #[test]
    fn only_the_public_internet_is_public() {
        let public = |text: &str| is_public(text.parse().expect("an address"));
        for special in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001::1",
        ] {
            assert!(!public(special), "{special}");
        }
        for outside in ["8.8.8.8", "114.114.114.114", "2400:3200::1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(public(outside), "{outside}");
        }
    }

    #[test]
    fn a_url_is_allowed_by_scheme_host_port_and_path() {
        let allowed = ["https://orders.example.cn/hooks".to_owned(), "http://10.1.1.5:8080/".to_owned()];
        let is = |url: &str| is_allowed(url, &allowed);
        assert!(is("https://orders.example.cn/hooks") && is("https://orders.example.cn/hooks/meterbook?x=1"));
        assert!(is("http://10.1.1.5:8080/any"));
        for refused in [
            "https://orders.example.cn/hooks2",
            "https://orders.example.cn/",
            "http://orders.example.cn/hooks",
            "https://orders.example.cn.evil.example/hooks",
            "https://orders.example.cn:8443/hooks",
            "https://orders.example.cn/hooks/../admin",
            "http://10.1.1.5:80801/",
            "https://a@orders.example.cn/hooks",
            "",
        ] {
            assert!(!is(refused), "{refused}");
        }
        assert!(!is_allowed("https://x.example/", &[String::new(), "https://".to_owned()]));
    }

    #[test]
    fn a_redirect_is_a_failure_and_gone_is_gone() {
        assert_eq!(
            [204, 302, 404, 410, 500].map(delivery),
            [Delivery::Done, Delivery::Again, Delivery::Again, Delivery::Gone, Delivery::Again]
        );
    }
}
