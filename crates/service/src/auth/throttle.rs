//! How fast somebody may guess: five tries are free, then each failure doubles the wait, up to a quarter of an hour; and so many
//! per address and minute. Known and unknown names are treated alike.

use heddle_model::limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts failures in memory. What it knows of an account is also stored with it, so that a restart forgives nothing.
pub(crate) struct Throttle {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    accounts: HashMap<String, Failures>,
    addresses: HashMap<IpAddr, (i64, u32)>,
}

/// What is counted of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Failures {
    /// In a row.
    pub(crate) count: u32,
    /// No try before this time.
    pub(crate) until: i64,
}

/// Accounts and addresses remembered at most: beyond, those that wait for nothing are forgotten.
const REMEMBERED: usize = 20_000;

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { counts: Mutex::default() }
    }

    /// Admits a try, and counts it as failed until it turns out right: a thousand at once are a thousand tries.
    ///
    /// `stored` is what the database knows of the account. `Err` holds the seconds to wait.
    pub(crate) fn admit(
        &self,
        account: &str,
        stored: Failures,
        address: Option<IpAddr>,
        now: i64,
    ) -> Result<Failures, u64> {
        let mut counts = self.lock();
        counts.forget(now);
        let known = counts.accounts.get(account).copied().unwrap_or_default();
        let failures = if stored.count > known.count { stored } else { known };
        if failures.until > now {
            return Err(seconds(failures.until - now));
        }
        if let Some(address) = address {
            counts.admit_address(address, now)?;
        }
        let count = failures.count.saturating_add(1);
        let failures = Failures { count, until: now + wait_ms(count) };
        counts.accounts.insert(account.to_owned(), failures);
        Ok(failures)
    }

    /// The try was right: nothing of it counts.
    pub(crate) fn succeed(&self, account: &str, address: Option<IpAddr>) {
        let mut counts = self.lock();
        counts.accounts.remove(account);
        if let Some((_, tries)) = address.and_then(|address| counts.addresses.get_mut(&address)) {
            *tries = tries.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn admit_address(&mut self, address: IpAddr, now: i64) -> Result<(), u64> {
        let (since, tries) = self.addresses.entry(address).or_insert((now, 0));
        if now - *since >= 60_000 {
            (*since, *tries) = (now, 0);
        }
        if *tries >= limits::SIGN_INS_PER_ADDRESS {
            return Err(seconds(*since + 60_000 - now));
        }
        *tries += 1;
        Ok(())
    }

    fn forget(&mut self, now: i64) {
        if self.accounts.len() > REMEMBERED {
            self.accounts.retain(|_, failures| failures.until > now);
        }
        if self.addresses.len() > REMEMBERED {
            self.addresses.retain(|_, (since, _)| now - *since < 60_000);
        }
    }
}

/// How long to wait after so many failures in a row.
pub(crate) fn wait_ms(failures: u32) -> i64 {
    let Some(doublings) = failures.checked_sub(limits::SIGN_INS_FREE) else { return 0 };
    (1_000_i64 << doublings.min(20)).min(limits::SIGN_IN_WAIT_MS)
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms.max(0)).unwrap_or_default().div_ceil(1000).max(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn five_are_free_then_the_wait_doubles_to_a_quarter_of_an_hour() {
        assert_eq!((1..=4).map(wait_ms).max(), Some(0));
        assert_eq!([5, 6, 7, 14, 15, 100].map(wait_ms), [1_000, 2_000, 4_000, 512_000, 900_000, 900_000]);
    }

    #[test]
    fn ten_thousand_guesses_in_a_day_reach_few_verifications() {
        let throttle = Throttle::new();
        let admitted =
            (0..10_000).filter(|n| throttle.admit("admin", Failures::default(), None, n * 8_640).is_ok()).count();
        assert!(admitted <= 115, "{admitted}");
    }

    #[test]
    fn what_was_stored_counts_and_success_forgives() {
        let throttle = Throttle::new();
        assert_eq!(throttle.admit("a", Failures { count: 9, until: 5_000 }, None, 1_000), Err(4));
        assert!(throttle.admit("a", Failures { count: 9, until: 5_000 }, None, 5_000).is_ok());
        throttle.succeed("a", None);
        assert_eq!(throttle.admit("a", Failures::default(), None, 5_001).unwrap().count, 1);
    }

    #[test]
    fn an_address_has_its_own_limit() {
        let throttle = Throttle::new();
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        for n in 0..limits::SIGN_INS_PER_ADDRESS {
            assert!(throttle.admit(&format!("user{n}"), Failures::default(), address, 0).is_ok());
        }
        assert_eq!(throttle.admit("one more", Failures::default(), address, 0), Err(60));
        assert!(throttle.admit("one more", Failures::default(), Some(IpAddr::from([10, 0, 0, 2])), 0).is_ok());
        assert!(throttle.admit("one more", Failures::default(), address, 60_000).is_ok());
    }
}
