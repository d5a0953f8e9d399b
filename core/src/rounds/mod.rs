//! Rounds: the stops given to one reader for a date window.
