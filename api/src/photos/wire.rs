//! What photos look like on the wire.

use crate::http::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// The photo itself, as bytes: JPEG, PNG, WebP or HEIC.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PhotoFile(pub Vec<u8>);

/// A photo that is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Photo {
    /// Its hash.
    pub sha256: String,
    /// What it is, by its first bytes.
    pub media_type: String,
    /// How long it is.
    pub bytes: i64,
}

/// A photo that a record names and that has not come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissingPhoto {
    /// For paging.
    pub id: i64,
    /// The hash the record names.
    pub sha256: String,
    /// The record.
    pub record_id: String,
    /// Where it was made.
    pub service_point_id: i64,
    /// By whom.
    pub reader_id: i64,
    /// With which phone.
    pub device_id: i64,
    /// When the record came: the photo is owed since then.
    pub since: Time,
}

/// A page of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissingPhotoPage {
    /// In the order the records came.
    pub items: Vec<MissingPhoto>,
    /// Ask on after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}
