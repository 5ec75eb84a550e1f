//! Everything that can go wrong, by class.

/// A class of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    CrashBeforeSave,
    CrashAfterSave,
    CrashBeforeEffect,
    CrashAfterEffect,
    CrashAnywhere,
    RuntimeCrash,
    PosterCrash,
    WriteFails,
    WriteLandsButErrs,
    MessageLost,
    AnswerLost,
    MessageRepeated,
    MessageDelayed,
    ClientHearsNothing,
    AlarmLost,
    AlarmTwice,
    AlarmLate,
    /// The handler throws until the platform drops the alarm.
    AlarmThrows,
    CronMissed,
    /// The cron is missing for hours, or for a day.
    CronAway,
    /// Two ticks at once.
    CronTwice,
    QueueMessageLost,
    QueueMessageDoubled,
    /// Delayed by seconds, so that later messages overtake it.
    QueueMessageOvertaken,
    /// Delayed by minutes up to days.
    QueueMessageLate,
    ConsumerCutOff,
    ClockForward,
    ClockBack,
    SubmitRateLimited,
    /// For up to half an hour every submit is refused, as with a 429 or 503.
    UpstreamOutage,
    SubmitUnavailable,
    SubmitRefused,
    SubmitLostUnaccepted,
    SubmitLostAccepted,
    PollFails,
    PollLost,
    RenderRefused,
    RenderNeverDone,
    RenderWithoutVideo,
    DownloadFails,
    DownloadTruncated,
    LinkExpired,
    PutLandsButErrs,
    DeleteFails,
    AbandonFails,
    AbandonLost,
    HookServerError,
    HookTimeout,
    HookTakenAnswerLost,
    HookRetryAfter,
    HookGone,
}

impl Fault {
    pub(crate) const ALL: [Self; 51] = [
        Self::CrashBeforeSave,
        Self::CrashAfterSave,
        Self::CrashBeforeEffect,
        Self::CrashAfterEffect,
        Self::CrashAnywhere,
        Self::RuntimeCrash,
        Self::PosterCrash,
        Self::WriteFails,
        Self::WriteLandsButErrs,
        Self::MessageLost,
        Self::AnswerLost,
        Self::MessageRepeated,
        Self::MessageDelayed,
        Self::ClientHearsNothing,
        Self::AlarmLost,
        Self::AlarmTwice,
        Self::AlarmLate,
        Self::AlarmThrows,
        Self::CronMissed,
        Self::CronAway,
        Self::CronTwice,
        Self::QueueMessageLost,
        Self::QueueMessageDoubled,
        Self::QueueMessageOvertaken,
        Self::QueueMessageLate,
        Self::ConsumerCutOff,
        Self::ClockForward,
        Self::ClockBack,
        Self::SubmitRateLimited,
        Self::UpstreamOutage,
        Self::SubmitUnavailable,
        Self::SubmitRefused,
        Self::SubmitLostUnaccepted,
        Self::SubmitLostAccepted,
        Self::PollFails,
        Self::PollLost,
        Self::RenderRefused,
        Self::RenderNeverDone,
        Self::RenderWithoutVideo,
        Self::DownloadFails,
        Self::DownloadTruncated,
        Self::LinkExpired,
        Self::PutLandsButErrs,
        Self::DeleteFails,
        Self::AbandonFails,
        Self::AbandonLost,
        Self::HookServerError,
        Self::HookTimeout,
        Self::HookTakenAnswerLost,
        Self::HookRetryAfter,
        Self::HookGone,
    ];

    /// The classes that cut a step off at one of its boundaries.
    pub(crate) const BOUNDARIES: [Self; 6] = [
        Self::CrashBeforeSave,
        Self::CrashAfterSave,
        Self::CrashBeforeEffect,
        Self::CrashAfterEffect,
        Self::PosterCrash,
        Self::ConsumerCutOff,
    ];

    /// The usual rate when the class is on, in thousandths of its occasions.
    fn usual_rate(self) -> u64 {
        match self {
            Self::AlarmLost
            | Self::AlarmThrows
            | Self::CronAway
            | Self::UpstreamOutage
            | Self::RenderNeverDone
            | Self::HookGone => 30,
            Self::CrashBeforeSave
            | Self::CrashAfterSave
            | Self::CrashBeforeEffect
            | Self::CrashAfterEffect => 40,
            Self::WriteFails | Self::WriteLandsButErrs => 50,
            Self::HookServerError | Self::HookTimeout | Self::HookTakenAnswerLost => 200,
            // These strike at moments drawn beforehand: the rate only says whether the class is on.
            Self::CrashAnywhere | Self::RuntimeCrash | Self::ClockForward | Self::ClockBack => {
                1_000
            }
            _ => 100,
        }
    }
}

/// How often each class strikes, in thousandths of its occasions.
#[derive(Debug, Clone)]
pub(crate) struct Rates([u64; Fault::ALL.len()]);

impl Rates {
    /// Each class is on with a probability of one half, at a third of its usual rate, at that rate
    /// or at twice that rate.
    pub(crate) fn draw(choices: &mut super::choices::Choices) -> Self {
        let mut rates = [0; Fault::ALL.len()];
        for fault in Fault::ALL {
            if choices.chance(500) {
                let (numerator, denominator) = choices.pick(&[(1, 3), (1, 1), (2, 1)]);
                rates[fault as usize] = fault.usual_rate() * numerator / denominator;
            }
        }
        Self(rates)
    }

    /// Only cuts strike, where the driver decides so.
    pub(crate) fn cuts_only() -> Self {
        let mut rates = [0; Fault::ALL.len()];
        for boundary in Fault::BOUNDARIES {
            rates[boundary as usize] = 1;
        }
        Self(rates)
    }

    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }
}
