//! Which requests meet which faults: a function of their number.

/// What is done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with a time to wait.
    Throttled,
    /// 503, with a time to wait.
    Unavailable,
    /// 500, 502 or 504, without a word on what was done.
    Status(u16),
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and the connection is cut before the answer.
    CutAfter,
    /// It is done, and the answer breaks off half way.
    CutWithin,
    /// 200 with nothing but an error object.
    ErrorInSuccess,
    /// It is done, and the answer is half of its JSON, with the length of that.
    Truncated,
    /// It is done, and the answer is a success without a body.
    Empty,
}

const FAULTS: [Fault; 11] = [
    Fault::Throttled,
    Fault::Unavailable,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(504),
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::CutWithin,
    Fault::ErrorInSuccess,
    Fault::Truncated,
    Fault::Empty,
];

impl Fault {
    /// Whether the service says that it did nothing, so that everything may be sent again.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    /// Whether the request is done in spite of it.
    pub fn is_done(self) -> bool {
        matches!(self, Self::CutAfter | Self::CutWithin | Self::Truncated | Self::Empty)
    }
}

/// The fault that three in ten requests meet, and how often they meet it: once to three times.
pub fn of(number: u32) -> Option<(Fault, u8)> {
    let hash = mix(number);
    let fault = FAULTS[(hash >> 8) as usize % FAULTS.len()];
    (hash % 10 < 3).then_some((fault, 1 + (hash >> 16) as u8 % 3))
}

/// Spreads numbers evenly (the finalizer of [SplitMix64](https://prng.di.unimi.it/splitmix64.c)).
fn mix(number: u32) -> u64 {
    let mut hash = u64::from(number).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_ten_requests_meet_faults_and_each_fault_occurs() {
        let met: Vec<Fault> = (0..100_000).filter_map(of).map(|(fault, _)| fault).collect();
        assert!((29_400..=30_600).contains(&met.len()), "{} of 100,000", met.len());
        for fault in FAULTS {
            assert!(met.iter().filter(|other| **other == fault).count() > 1_000, "{fault:?}");
        }
    }
}
