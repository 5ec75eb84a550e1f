//! When to set an object's single alarm. An instance knows only the time for which it set the alarm
//! itself, not whether the alarm still exists. `set` is `None` after the alarm fired and in a new
//! instance.

use crate::time::Millis;

/// The time to set for an alarm that must fire at `at`, or in the next millisecond if `at` has
/// passed. `None` if the alarm is already set for that time.
pub fn exactly(set: Option<Millis>, at: Millis, now: Millis) -> Option<Millis> {
    let at = at.max(now + 1);
    (set != Some(at)).then_some(at)
}

/// The time to set for an alarm that must fire no later than `at`. `None` if it is already set for
/// that time or for an earlier one that is still in the future.
pub fn by(set: Option<Millis>, at: Millis, now: Millis) -> Option<Millis> {
    let set = set.filter(|set| *set > now);
    if set.is_some_and(|set| set <= at) {
        None
    } else {
        exactly(set, at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::{by, exactly};

    #[test]
    fn an_alarm_is_set_again_for_another_moment_alone() {
        assert_eq!(exactly(None, 20, 10), Some(20));
        assert_eq!(exactly(Some(20), 20, 10), None);
        assert_eq!(exactly(Some(19), 20, 10), Some(20));
        assert_eq!(exactly(Some(21), 20, 10), Some(20));
    }

    #[test]
    fn an_alarm_for_what_has_passed_is_set_for_the_next_millisecond() {
        assert_eq!(exactly(None, 5, 10), Some(11));
        assert_eq!(by(None, 5, 10), Some(11));
        assert_eq!(by(Some(11), 5, 10), None);
    }

    #[test]
    fn an_earlier_alarm_stays_while_it_is_to_come() {
        assert_eq!(by(Some(15), 20, 10), None);
        assert_eq!(by(Some(20), 20, 10), None);
        assert_eq!(by(Some(21), 20, 10), Some(20));
        assert_eq!(by(None, 20, 10), Some(20));
    }

    #[test]
    fn an_alarm_whose_time_has_come_may_be_lost() {
        assert_eq!(by(Some(10), 20, 10), Some(20));
        assert_eq!(by(Some(9), 20, 10), Some(20));
    }
}
