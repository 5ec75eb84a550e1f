//! Deliberate bugs, so that the simulation can prove that its checks bite.
//!
//! Without the test-only feature `bugs`, [`planted`] is a constant `false` and nothing of this is compiled in.

/// A mistake someone could make; each is caught by the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Submits without first making the intent durable, so a crash forgets the paid call.
    SubmitIntentDropped,
    /// Treats a lost answer of a submit like a refusal and submits again.
    UnknownSubmitRepeated,
    /// Accepts answers and starts of an older epoch.
    EpochIgnored,
    /// Draws a new event id for every delivery attempt.
    EventIdRemade,
    /// Frees a slot whose lease ran out without asking the job.
    SlotFreedUnasked,
    /// Forgets to ask for a wake-up after an effect was retried.
    WakeForgotten,
    /// Takes a stored video for whole although its size differs from the announced one.
    SizeUnchecked,
    /// Leaves the video of an unwanted attempt in R2.
    DiscardForgotten,
    /// Lets a cancellation end what had ended before.
    EndOverwritten,
    /// Composes the bodies of old events anew with each save.
    BodyRemade,
    /// Gives up telling the queue of a job after one lost message.
    EnqueueAskedOnce,
    /// Lets a late withdrawal take away a later job of the same name.
    WithdrawUnfenced,
    /// Lets a late enqueue of an older epoch replace a newer one.
    StaleEnqueueTaken,
    /// Lets a high priority starve the lower ones.
    PriorityUnbounded,
    /// Starts all jobs of one user before another's first.
    TurnsForgotten,
    /// Counts submits by job instead of by provider and model.
    LimiterPerJob,
    /// Keeps what the upstream asks of everyone to the one job that was told.
    BackoffNotShared,
    /// Lets one user hold every slot.
    UserSlotsIgnored,
    /// Starts a job before the time its order names.
    DelayIgnored,
    /// Sends a job that was started before to the end of the line.
    PlaceLost,
    /// Takes an answer about an older slot for one about the present one.
    SlotFreedTwice,
    /// Forgets to set the queue's alarm after it fired.
    QueueNotRearmed,
    /// Takes an alarm for set although its time has come, whether it has fired or was lost.
    PassedAlarmKept,
    /// Forgets a job that has ended while something is left to do.
    WatchForgotten,
    /// Accepts an order that today's limit does not leave room for.
    BudgetIgnored,
    /// Keeps charging what turned out not to be spent.
    RefundForgotten,
    /// Leaves a render to itself that nobody waits for.
    AbandonForgotten,
    /// Looks at a render again for a push that came before.
    PushHeardAgain,
    /// Deletes an order's images as soon as they were sent once.
    InputsDiscardedEarly,
    /// Gives slots away while the queue is paused.
    PauseIgnored,
    /// Sends an event again under another id.
    RedeliveredAsNew,
    /// Takes what is said late of an event for the newest there is.
    StaleDeliveryTaken,
    /// Counts all that a job has ever counted whenever it tells.
    TallyAddedWhole,
    /// Lets a late message of a job lower what was counted of it.
    TallyLowered,
    /// Counts a webhook attempt when it is begun, and again when it is answered.
    AttemptCountedTwice,
}

#[cfg(not(feature = "bugs"))]
pub(crate) const fn planted(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "bugs")]
pub use switch::plant;
#[cfg(feature = "bugs")]
pub(crate) use switch::planted;

#[cfg(feature = "bugs")]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug on this thread, or removes it with `None`.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.with(|planted| planted.set(bug));
    }

    pub(crate) fn planted(bug: Bug) -> bool {
        PLANTED.with(|planted| planted.get() == Some(bug))
    }
}
