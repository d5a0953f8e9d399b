//! Reports: the day's and the month's, as JSON, workbook, CSV and page.

pub mod book;
pub mod daily;
pub mod looks;
pub mod month;
pub mod press;
pub mod routes;
