//! Variables that make programs run or load other code.

mod assigned;
mod names;
mod usual_programs;

pub(crate) use usual_programs::is_usual_helper;
