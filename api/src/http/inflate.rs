//! Inflating a body as it comes, never beyond its limit (SECURITY 12).
//!
//! Why not the framework's: it inflates each piece whole before anybody can look at its size, and 64 KiB of zstd hold two
//! gigabytes of zeros; its window, too, is what the sender asks for.

use flate2::write::{GzDecoder, ZlibDecoder};
use std::io::Write;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

/// The largest window a zstd body may ask for: 8 MiB, which every decoder supports (RFC 8878).
const ZSTD_WINDOW_LOG: u32 = 23;
const PIECE: usize = 32 << 10;

/// Why a body is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It inflates beyond the limit.
    TooLarge,
    /// It is cut off or damaged, or asks for too much memory.
    Damaged,
}

/// What was inflated so far.
struct Bounded {
    body: Vec<u8>,
    most: usize,
    is_over: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if self.body.len() + piece.len() > self.most {
            self.is_over = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.body.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Zstd {
    decoder: Decoder<'static>,
    body: Bounded,
    is_complete: bool,
}

impl Zstd {
    fn take(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        let mut input = InBuffer::around(chunk);
        let mut piece = [0_u8; PIECE];
        loop {
            let mut output = OutBuffer::around(&mut piece);
            let hint = self.decoder.run(&mut input, &mut output)?;
            let filled = output.pos();
            self.is_complete = hint == 0;
            self.body.write_all(&piece[..filled])?;
            if input.pos() == chunk.len() && filled < PIECE {
                return Ok(());
            }
        }
    }
}

/// A body on its way.
pub struct Inflate(Kind);

enum Kind {
    Identity(Bounded),
    Gzip(Box<GzDecoder<Bounded>>),
    Deflate(Box<ZlibDecoder<Bounded>>),
    Zstd(Box<Zstd>),
}

impl Inflate {
    /// What a body may be compressed with.
    pub const ENCODINGS: [&str; 4] = ["identity", "gzip", "zstd", "deflate"];

    /// A body of this encoding, of at most `most` bytes; `None`: nobody here reads the encoding.
    pub fn new(encoding: &str, most: usize) -> Option<Self> {
        let body = Bounded { body: Vec::new(), most, is_over: false };
        let kind = match encoding.to_ascii_lowercase().as_str() {
            "identity" => Kind::Identity(body),
            "gzip" => Kind::Gzip(Box::new(GzDecoder::new(body))),
            "deflate" => Kind::Deflate(Box::new(ZlibDecoder::new(body))),
            "zstd" => {
                let mut decoder = Decoder::new().ok()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
                Kind::Zstd(Box::new(Zstd { decoder, body, is_complete: false }))
            }
            _ => return None,
        };
        Some(Self(kind))
    }

    fn body(&self) -> &Bounded {
        match &self.0 {
            Kind::Identity(body) => body,
            Kind::Gzip(decoder) => decoder.get_ref(),
            Kind::Deflate(decoder) => decoder.get_ref(),
            Kind::Zstd(zstd) => &zstd.body,
        }
    }

    fn refusal(&self) -> Refusal {
        if self.body().is_over { Refusal::TooLarge } else { Refusal::Damaged }
    }

    /// Takes the next piece as it was sent.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        let taken = match &mut self.0 {
            Kind::Identity(body) => body.write_all(chunk),
            Kind::Gzip(decoder) => decoder.write_all(chunk),
            Kind::Deflate(decoder) => decoder.write_all(chunk),
            Kind::Zstd(zstd) => zstd.take(chunk),
        };
        taken.map_err(|_| self.refusal())
    }

    /// The body, whole.
    pub fn end(mut self) -> Result<Vec<u8>, Refusal> {
        let ended = match &mut self.0 {
            Kind::Identity(_) => true,
            Kind::Gzip(decoder) => decoder.try_finish().is_ok(),
            Kind::Deflate(decoder) => decoder.try_finish().is_ok(),
            Kind::Zstd(zstd) => zstd.is_complete,
        };
        if !ended {
            return Err(self.refusal());
        }
        Ok(match self.0 {
            Kind::Identity(body) => body.body,
            Kind::Gzip(mut decoder) => std::mem::take(&mut decoder.get_mut().body),
            Kind::Deflate(mut decoder) => std::mem::take(&mut decoder.get_mut().body),
            Kind::Zstd(zstd) => zstd.body.body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sent = (&'static str, fn(&[u8]) -> Vec<u8>);

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
    }

    fn deflate(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::encode_all(plain, 3).unwrap_or_default()
    }

    const ALL: [Sent; 4] = [("identity", <[u8]>::to_vec), ("gzip", gzip), ("deflate", deflate), ("ZSTD", zstd)];

    fn inflated(encoding: &str, sent: &[u8], most: usize, step: usize) -> Result<Vec<u8>, Refusal> {
        let mut inflate = Inflate::new(encoding, most).ok_or(Refusal::Damaged)?;
        sent.chunks(step).try_for_each(|chunk| inflate.take(chunk))?;
        inflate.end()
    }

    #[test]
    fn what_was_sent_comes_out_however_it_is_cut_into_pieces() {
        let plain: Vec<u8> = (0..200_000_u64).map(|n| u8::try_from(n * n % 251).unwrap_or(0)).collect();
        for (encoding, send) in ALL {
            let sent = send(&plain);
            for step in [1 << 20, 1_000, 7] {
                assert_eq!(inflated(encoding, &sent, plain.len(), step).as_deref(), Ok(plain.as_slice()), "{encoding}");
            }
            assert_eq!(inflated(encoding, &send(b""), 0, 9), Ok(Vec::new()), "{encoding}");
            assert_eq!(inflated(encoding, &sent, plain.len() - 1, 1 << 20), Err(Refusal::TooLarge), "{encoding}");
        }
    }

    #[test]
    fn a_cut_or_changed_body_is_damaged() {
        let plain = vec![7; 100_000];
        for (encoding, send) in &ALL[1..] {
            let sent = send(&plain);
            assert_eq!(inflated(encoding, &sent[..sent.len() / 2], 1 << 20, 64), Err(Refusal::Damaged), "{encoding}");
            assert_eq!(inflated(encoding, b"{}", 1 << 20, 64), Err(Refusal::Damaged), "{encoding}");
        }
        assert!(Inflate::new("br", 1).is_none());
    }

    /// The bomb is refused at the limit; what lies behind is never inflated.
    #[test]
    fn a_bomb_stops_at_the_limit_and_a_window_beyond_ours_is_not_allocated() {
        let most = 1 << 20;
        for (encoding, send) in &ALL[1..] {
            let bomb = send(&vec![0; 64 << 20]);
            assert!(bomb.len() < most);
            let mut inflate = Inflate::new(encoding, most);
            let taken = inflate.as_mut().map(|inflate| inflate.take(&bomb));
            assert_eq!(taken, Some(Err(Refusal::TooLarge)), "{encoding}");
            assert!(inflate.is_some_and(|inflate| inflate.body().body.capacity() <= 2 * most));
        }
        // Magic, a descriptor without a size, and a window of 2^31.
        let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];
        assert_eq!(inflated("zstd", &window, most, 64), Err(Refusal::Damaged));
    }
}
