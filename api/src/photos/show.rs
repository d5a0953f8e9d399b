//! Showing a photo: never the bytes that came, but its pixels encoded anew (SECURITY 14).
//!
//! What hides behind or inside a picture (HTML, scripts, EXIF with the place of a home) does not survive that.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits, RgbImage};
use meterbook::photos::PhotoFormat;
use std::io::Cursor;

/// Pixels of the largest photo that is decoded: what every phone takes unless told to take more.
pub const SHOWN_PIXELS: u64 = 16_000_000;
/// Bytes its pixels may take as the decoder gives them.
const PIXEL_BYTES: u64 = SHOWN_PIXELS * 4;
const LONGEST_SIDE: u32 = 16_384;
const QUALITY: u8 = 88;

/// Why a photo is kept but not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotShown {
    /// HEIC: no decoder with a licence that lets us ship it is written in Rust.
    Heic,
    /// It has more pixels than are decoded.
    TooManyPixels,
    /// It begins as a photo and is none.
    Damaged,
}

/// A photo as it is shown: JPEG, upright, without anything but pixels.
pub fn encode_anew(photo: &[u8], format: PhotoFormat) -> Result<Vec<u8>, NotShown> {
    let format = match format {
        PhotoFormat::Jpeg => ImageFormat::Jpeg,
        PhotoFormat::Png => ImageFormat::Png,
        PhotoFormat::Webp => ImageFormat::WebP,
        PhotoFormat::Heic => return Err(NotShown::Heic),
    };
    let damaged = |_| NotShown::Damaged;
    let mut reader = ImageReader::with_format(Cursor::new(photo), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(PIXEL_BYTES * 2);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|fault| match fault {
        image::ImageError::Limits(_) => NotShown::TooManyPixels,
        _ => NotShown::Damaged,
    })?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > SHOWN_PIXELS || decoder.total_bytes() > PIXEL_BYTES {
        return Err(NotShown::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(damaged)?.into_rgb8();
    encode(pixels, orientation).map_err(damaged)
}

fn encode(pixels: RgbImage, orientation: Orientation) -> ImageResult<Vec<u8>> {
    let mut upright = DynamicImage::from(pixels);
    upright.apply_orientation(orientation);
    let mut shown = Vec::new();
    upright.write_with_encoder(JpegEncoder::new_with_quality(&mut shown, QUALITY))?;
    Ok(shown)
}
