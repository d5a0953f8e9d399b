//! Pure work spread over the machine's cores, its results in the order of what was given.

use std::num::NonZeroUsize;
use std::thread::{available_parallelism, scope};

/// More cores than these are left to those who wait for an answer.
const MOST: usize = 4;

/// What the function makes of each part, in order.
pub fn in_parallel<T: Sync, R: Send>(all: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get).min(MOST);
    let share = all.len().div_ceil(cores).max(1);
    let run = |part: &[T]| part.iter().map(&make).collect::<Vec<R>>();
    let run = &run;
    scope(|threads| {
        let mut parts = all.chunks(share);
        let own = parts.next();
        let others: Vec<_> = parts.map(|part| threads.spawn(move || run(part))).collect();
        let mut made = own.map(run).unwrap_or_default();
        for other in others {
            match other.join() {
                Ok(part) => made.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        made
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_the_order_of_what_was_given() {
        for count in [0, 1, 2, 3, 4, 5, 1_000] {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(super::in_parallel(&all, |one| one * 2), all.iter().map(|one| one * 2).collect::<Vec<_>>());
        }
    }
}
