//! The month's lists as they are kept: `gather` reads the fleet, `making` keeps a list under way, `lists` and `entries` what is
//! done, `models` what they are ranked by.

mod entries;
mod gather;
mod lists;
mod making;
mod models;

pub use entries::*;
pub use gather::*;
pub use lists::*;
pub use making::*;
pub use models::*;
