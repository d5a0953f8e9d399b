//! Where photos are kept, as the settings say it.
//!
//! Apart from the vault, so that settings are read and refused without touching a disk or a network.

use std::fmt;
use std::path::PathBuf;

/// Where photos are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoPlace {
    /// A folder. Several nodes share it.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store.
    Bucket(Bucket),
}

/// A bucket and how to reach it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What every key begins with; may be empty.
    pub prefix: String,
    /// The store, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// Who asks.
    pub key_id: String,
    /// His secret.
    pub secret: String,
    /// Plain HTTP may leave this machine.
    pub allow_http: bool,
}

impl fmt::Debug for Bucket {
    /// Without the secret (SECURITY 11).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Why a place can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFault {
    /// The URL names no bucket.
    #[error("--photos is not s3://bucket or s3://bucket/prefix")]
    NoBucket,
    /// A URL of something else.
    #[error("--photos takes a folder or s3://bucket/prefix")]
    Scheme,
    /// No keys: nothing is asked of an instance's metadata service instead (SECURITY 20).
    #[error("photos go to an S3 bucket: set {0} in the environment")]
    NoKey(&'static str),
    /// Photos and keys would cross the network in the clear.
    #[error("AWS_ENDPOINT_URL is plain http off this machine: use https, or say AWS_ALLOW_HTTP=true")]
    PlainHttp,
}

impl PhotoPlace {
    /// Reads a folder or `s3://bucket/prefix`; `variable` looks into the environment.
    ///
    /// # Errors
    /// Where it can't be used, and what is missing.
    pub fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, PlaceFault> {
        let Some(url) = text.strip_prefix("s3://") else {
            return if text.contains("://") { Err(PlaceFault::Scheme) } else { Ok(Self::Folder(text.into())) };
        };
        let (name, prefix) = url.split_once('/').unwrap_or((url, ""));
        if name.is_empty() {
            return Err(PlaceFault::NoBucket);
        }
        let key = |name: &'static str| variable(name).filter(|key| !key.is_empty()).ok_or(PlaceFault::NoKey(name));
        let endpoint = variable("AWS_ENDPOINT_URL").filter(|endpoint| !endpoint.is_empty());
        let (plain, local) =
            (endpoint.as_deref().and_then(|url| url.strip_prefix("http://")), ["127.0.0.1", "localhost", "[::1]"]);
        let is_local =
            plain.is_some_and(|host| local.iter().any(|name| host == *name || host.starts_with(&format!("{name}:"))));
        let allow_http = is_local || variable("AWS_ALLOW_HTTP").is_some_and(|value| value == "true");
        if plain.is_some() && !allow_http {
            return Err(PlaceFault::PlainHttp);
        }
        Ok(Self::Bucket(Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint,
            region: variable("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
            key_id: key("AWS_ACCESS_KEY_ID")?,
            secret: key("AWS_SECRET_ACCESS_KEY")?,
            allow_http,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, set: &[(&str, &str)]) -> Result<PhotoPlace, PlaceFault> {
        PhotoPlace::parse(text, |name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_bucket_needs_its_keys_and_a_safe_way_there() {
        let keys = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "hidden")];
        assert_eq!(parse("/srv/photos", &[]), Ok(PhotoPlace::Folder("/srv/photos".into())));
        assert_eq!(parse("s3://meters", &[]), Err(PlaceFault::NoKey("AWS_ACCESS_KEY_ID")));
        assert_eq!(parse("s3://meters", &keys[..1]), Err(PlaceFault::NoKey("AWS_SECRET_ACCESS_KEY")));
        assert_eq!(parse("s3:///x", &keys), Err(PlaceFault::NoBucket));
        assert_eq!(parse("ftp://meters", &keys), Err(PlaceFault::Scheme));
        let at = |endpoint| parse("s3://meters/a/b/", &[keys[0], keys[1], ("AWS_ENDPOINT_URL", endpoint)]);
        assert_eq!(at("http://10.0.0.1:9000"), Err(PlaceFault::PlainHttp));
        assert_eq!(at("http://127.0.0.1.evil.example"), Err(PlaceFault::PlainHttp));
        let Ok(PhotoPlace::Bucket(bucket)) = at("http://127.0.0.1:9000") else { panic!("refused") };
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("meters", "a/b"));
        assert!(!format!("{bucket:?}").contains("hidden"));
    }
}
