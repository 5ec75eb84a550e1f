//! The mistakes planted into a copy of the code, and the invariants by which the simulation catches
//! them.

/// A mistake that someone could make.
pub(crate) struct Bug {
    pub(crate) mistake: &'static str,
    /// The invariants that may be found broken first.
    pub(crate) breaks: &'static [&'static str],
}

/// A change in one place. In its new text, `planted(3)` says whether the bug of that number,
/// counted from 0, is planted.
pub(crate) struct Edit {
    /// Below `src/machine`.
    pub(crate) file: &'static str,
    /// A text that occurs once.
    pub(crate) find: &'static str,
    pub(crate) plant: &'static str,
}

pub(crate) const BUGS: &[Bug] = &[
    // 0
    Bug {
        mistake: "Submits without first saving the intent, so a crash forgets the paid call",
        breaks: &["I4"],
    },
    // 1
    Bug {
        mistake: "Treats a lost answer of a submit like a refusal and submits again",
        breaks: &["I4"],
    },
    // 2
    Bug {
        mistake: "Accepts answers and starts of an older epoch",
        breaks: &["I3", "I9"],
    },
    // 3
    Bug {
        mistake: "Draws a new event id for every delivery attempt",
        breaks: &["I5"],
    },
    // 4
    Bug {
        mistake: "Frees a slot whose lease expired without checking the job",
        breaks: &["I1", "I9"],
    },
    // 5
    Bug {
        mistake: "Sets no wake-up after an effect was retried",
        breaks: &["I2"],
    },
    // 6
    Bug {
        mistake: "Accepts a stored video whose size differs from the announced one",
        breaks: &["I8"],
    },
    // 7
    Bug {
        mistake: "Leaves the video of an unwanted attempt in R2",
        breaks: &["I8", "I15"],
    },
    // 8
    Bug {
        mistake: "Lets a cancellation end a job that had already ended",
        breaks: &["I5", "I8"],
    },
    // 9
    Bug {
        mistake: "Rebuilds the bodies of old events with each save",
        breaks: &["I5"],
    },
    // 10
    Bug {
        mistake: "Gives up reporting a job to the queue after one lost message",
        breaks: &["I1", "I2"],
    },
    // 11
    Bug {
        mistake: "Lets a late withdrawal delete a later job of the same name",
        breaks: &["I1", "I10"],
    },
    // 12
    Bug {
        mistake: "Lets a late enqueue of an older epoch replace a newer one",
        breaks: &["I3", "I6", "I9"],
    },
    // 13
    Bug {
        mistake: "Lets a high priority starve the lower ones",
        breaks: &["I6"],
    },
    // 14
    Bug {
        mistake: "Starts all jobs of one user before another's first",
        breaks: &["I6"],
    },
    // 15
    Bug {
        mistake: "Counts submits by job instead of by provider and model",
        breaks: &["Limit"],
    },
    // 16
    Bug {
        mistake: "Applies an upstream's backoff only to the job that it refused",
        breaks: &["Limit"],
    },
    // 17
    Bug {
        mistake: "Lets one user hold every slot",
        breaks: &["I9"],
    },
    // 18
    Bug {
        mistake: "Starts a job before its order's start time",
        breaks: &["Terms"],
    },
    // 19
    Bug {
        mistake: "Sends a requeued job to the end of the line",
        breaks: &["I6"],
    },
    // 20
    Bug {
        mistake: "Takes an answer about an older slot for one about the current slot",
        breaks: &["I1", "I9"],
    },
    // 21
    Bug {
        mistake: "Does not set the queue's alarm after it fired",
        breaks: &["I2"],
    },
    // 22
    Bug {
        mistake: "Believes that an alarm is set although its time has passed",
        breaks: &["I2"],
    },
    // 23
    Bug {
        mistake: "Deletes an ended job while something is left to do",
        breaks: &["I1", "I2", "I5", "I17", "I18"],
    },
    // 24
    Bug {
        mistake: "Accepts an order that exceeds today's limit",
        breaks: &["I13"],
    },
    // 25
    Bug {
        mistake: "Does not give back what was charged but not spent",
        breaks: &["I13"],
    },
    // 26
    Bug {
        mistake: "Does not cancel a render that nobody needs",
        breaks: &["I14"],
    },
    // 27
    Bug {
        mistake: "Polls a render again for an earlier webhook",
        breaks: &["I16"],
    },
    // 28
    Bug {
        mistake: "Deletes an order's images once they have been sent",
        breaks: &["I15"],
    },
    // 29
    Bug {
        mistake: "Grants slots while the queue is paused",
        breaks: &["I17"],
    },
    // 30
    Bug {
        mistake: "Redelivers an event under another id",
        breaks: &["I5"],
    },
    // 31
    Bug {
        mistake: "Takes a late update of an event for the newest",
        breaks: &["I5"],
    },
    // 32
    Bug {
        mistake: "Counts a job's whole counters again with every report",
        breaks: &["I18"],
    },
    // 33
    Bug {
        mistake: "Lets a late message of a job lower what was counted of it",
        breaks: &["I18"],
    },
    // 34
    Bug {
        mistake: "Counts a webhook attempt twice, at its beginning and at its answer",
        breaks: &["I18"],
    },
    // 35
    Bug {
        mistake: "Keeps what it knew of a job in memory after a write that failed",
        breaks: &["I1", "I2", "I3", "I4", "I5", "I8", "I18"],
    },
    // 36
    Bug {
        mistake: "Forgets to count a right to submit as used when its job leaves its slot",
        breaks: &["I9"],
    },
    // 37
    Bug {
        mistake: "Checks the alerts only when the cron's sweep comes",
        breaks: &["I19"],
    },
    // 38
    Bug {
        mistake: "Sends a message about an alert under another id when it is repeated",
        breaks: &["I19"],
    },
    // 39
    Bug {
        mistake: "Fires an alert again at each check while its condition holds",
        breaks: &["I19"],
    },
    // 40
    Bug {
        mistake: "Retries a job again for a repeated message of its bulk",
        breaks: &["I20"],
    },
    // 41
    Bug {
        mistake: "Grants slots of a paused video service",
        breaks: &["I17"],
    },
    // 42
    Bug {
        mistake: "Ignores the limits that were changed at run time",
        breaks: &["I6", "I9", "I13", "Limit"],
    },
    // 43
    Bug {
        mistake: "Keeps the rank of a job that does not wait any more",
        breaks: &["I9"],
    },
];

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        file: "job/poll.rs",
        find: r"if self.record.upstream_webhooks.contains(&id) ||",
        plant: r"let heard = self.record.upstream_webhooks.contains(&id) && !planted(27);
        if heard ||",
    },
    Edit {
        file: "job/finish.rs",
        find: r"if self.outbox[index].body.is_none() {",
        plant: r"if self.outbox[index].body.is_none() || planted(9) {",
    },
    Edit {
        file: "job/start.rs",
        find: r"let same = self.created_at == created_at;",
        plant: r"let same = self.created_at == created_at || planted(11);",
    },
    Edit {
        file: "job/start.rs",
        find: r"if epoch != self.epoch || !matches!",
        plant: r"let current = epoch == self.epoch || planted(2);
        if !current || !matches!",
    },
    Edit {
        file: "job/start.rs",
        find: r"*enqueue_at = context.now()
                        + retry::backoff(*tries, 2 * SECOND, MINUTE,",
        plant: r"let cap = if planted(10) { Millis::MAX / 2 } else { MINUTE };
                    let base = if planted(10) { cap } else { 2 * SECOND };
                    *enqueue_at = context.now()
                        + retry::backoff(*tries, base, cap,",
    },
    Edit {
        file: "job/start.rs",
        find: r"        epoch == self.epoch
    }",
        plant: r"        epoch == self.epoch || planted(2)
    }",
    },
    Edit {
        file: "job/counting.rs",
        find: r".count(Count::WebhookSent { delivered }, 1);",
        plant: r".count(Count::WebhookSent { delivered }, if planted(34) { 2 } else { 1 });",
    },
    Edit {
        file: "job/store.rs",
        find: r"if self.size == expected {",
        plant: r"if self.size == expected || planted(6) {",
    },
    Edit {
        file: "job/store.rs",
        find: r"        self.record.deletions.insert(
            attempt,",
        plant: r"        if planted(7) {
            return;
        }
        self.record.deletions.insert(
            attempt,",
    },
    Edit {
        file: "job/cancel.rs",
        find: r"Phase::Ended { .. } => return Err(Refusal::AlreadyEnded),",
        plant: r"Phase::Ended { .. } if !planted(8) => return Err(Refusal::AlreadyEnded),
            Phase::Ended { .. } => {}",
    },
    Edit {
        file: "job/bulk.rs",
        find: r"if self.bulk.is_some_and(|mark| mark.bulk >= act.bulk) {",
        plant: r"if self.bulk.is_some_and(|mark| mark.bulk >= act.bulk) && !planted(40) {",
    },
    Edit {
        file: "job/bulk.rs",
        find: r"if self.epoch != act.epoch {",
        plant: r"if self.epoch != act.epoch && !planted(40) {",
    },
    Edit {
        file: "queue/admission.rs",
        find: r"let is_paused = self.memory.book.pauses_upstream(upstream);",
        plant: r"let is_paused = self.memory.book.pauses_upstream(upstream) && !planted(41);",
    },
    Edit {
        file: "queue/step.rs",
        find: r"policy: policy.with(&before.overrides),",
        plant: r"policy: if planted(42) { *policy } else { policy.with(&before.overrides) },",
    },
    Edit {
        file: "job/submit.rs",
        find: r"        self.record.submits.push(Submit {",
        plant: r"        if planted(0) {
            return;
        }
        self.record.submits.push(Submit {",
    },
    Edit {
        file: "job/submit.rs",
        find: r"        self.close_ledger_row(epoch, &outcome);",
        plant: r"        let outcome = match outcome {
            // Without its intent, a cut-off call looks as if it had never been made.
            Err(Trouble::Unknown) if planted(0) => return,
            Err(Trouble::Unknown) if planted(1) => Err(Trouble::retry(unknown_outcome())),
            outcome @ (Ok(_) | Err(_)) => outcome,
        };
        self.close_ledger_row(epoch, &outcome);",
    },
    Edit {
        file: "job/submit.rs",
        find: r"                self.announce(EventKind::Progress, context);",
        plant: r"                if planted(28) && self.keeps_inputs() {
                    self.delete_file(super::IMAGES, now);
                }
                self.announce(EventKind::Progress, context);",
    },
    Edit {
        file: "job/wake.rs",
        find: r"            phase @ Phase::Rendering",
        plant: r"            Phase::Rendering { tries: 1.., .. } if planted(5) => {}
            phase @ Phase::Rendering",
    },
    Edit {
        file: "job/cancel_upstream.rs",
        find: r"if self.terms.cancellable {",
        plant: r"if self.terms.cancellable && !planted(26) {",
    },
    Edit {
        file: "queue/deliveries.rs",
        find: r"delivery.age() >= before.age() &&",
        plant: r"(delivery.age() >= before.age() || planted(31)) &&",
    },
    Edit {
        file: "queue/entry.rs",
        find: r"enqueued_at - i64::from(self.summary.priority) * i64::try_from(HEAD_START).unwrap_or(0)",
        plant: r"let level = if planted(13) { 1_000 * HEAD_START } else { HEAD_START };
        enqueued_at - i64::from(self.summary.priority) * i64::try_from(level).unwrap_or(0)",
    },
    Edit {
        file: "queue/question.rs",
        find: r"                Stage::Held(lease) => (
                    Stage::Held(lease.asked",
        plant: r"                Stage::Held(lease) if planted(4) && lease.until < self.now => {
                    entry.stage = Stage::Ended;
                    self.save(&entry)?;
                    continue;
                }
                Stage::Held(lease) => (
                    Stage::Held(lease.asked",
    },
    Edit {
        file: "queue/question.rs",
        find: r"            None if matches!(entry.stage, Stage::Held(lease) if lease.epoch != epoch) => {}",
        plant: r"            None if matches!(entry.stage, Stage::Held(lease) if lease.epoch != epoch)
                && !planted(20) => {}",
    },
    Edit {
        file: "queue/question.rs",
        find: r"Stage::Held(lease) if lease.epoch != epoch => {}",
        plant: r"Stage::Held(lease) if lease.epoch != epoch && !planted(20) => {}",
    },
    Edit {
        file: "queue/question.rs",
        find: r"            None => Stage::Watched",
        plant: r"            Some(_) if planted(23) => Stage::Ended,
            None => Stage::Watched",
    },
    Edit {
        file: "queue/budget.rs",
        find: r"let Some(limit) = limit else { continue };",
        plant: r"let Some(limit) = limit.filter(|_| !planted(24)) else { continue };",
    },
    Edit {
        file: "queue/budget.rs",
        find: r"            self.rows.give_back(day, user, back)?;
            self.counted
                .of(&entry.summary.upstream)
                .count(Count::Returned, back);",
        plant: r"            if !planted(25) {
                self.rows.give_back(day, user, back)?;
                self.counted.of(&entry.summary.upstream).count(Count::Returned, back);
            }",
    },
    Edit {
        file: "queue/enqueue.rs",
        find: r"let stale = summary.age() < entry.summary.age();",
        plant: r"let stale = summary.age() < entry.summary.age() && !planted(12);",
    },
    Edit {
        file: "queue/enqueue.rs",
        find: r"        let (cost, told) = (summary.cost_micros, summary.metrics.clone());
        let mut entry = match known.filter(|_| terms.keeps_place) {",
        plant: r"        let keeps = terms.keeps_place && !planted(19);
        let (cost, told) = (summary.cost_micros, summary.metrics.clone());
        let mut entry = match known.filter(|_| keeps) {",
    },
    Edit {
        file: "queue/enqueue.rs",
        find: r"match terms.not_before {",
        plant: r"match terms.not_before.filter(|_| !planted(18)) {",
    },
    Edit {
        file: "queue/book.rs",
        find: r"own_last.map_or(served, |last| last.max(served)) + 1",
        plant: r"if planted(14) { 0 } else { own_last.map_or(served, |last| last.max(served)) + 1 }",
    },
    Edit {
        file: "queue/book.rs",
        find: r"if let Some(availability) = availability {",
        plant: r"if let Some(availability) = availability.filter(|_| !planted(16)) {",
    },
    Edit {
        file: "queue/book.rs",
        find: r"summary.upstream.clone()",
        plant: r"if planted(15) { summary.key.object_name() } else { summary.upstream.clone() }",
    },
    Edit {
        file: "queue/counting.rs",
        find: r"let more = told.minus(counted);",
        plant: r"let more = if planted(32) { told.clone() } else { told.minus(counted) };",
    },
    Edit {
        file: "queue/counting.rs",
        find: r"        counted.raise(told);",
        plant: r"        if planted(33) {
            *counted = told.clone();
        } else {
            counted.raise(told);
        }",
    },
    Edit {
        file: "queue/admission.rs",
        find: r"if self.memory.book.is_paused() {",
        plant: r"if self.memory.book.is_paused() && !planted(29) {",
    },
    Edit {
        file: "queue/step.rs",
        find: r"    let step = Step {
        reply,
        wake_at,",
        plant: r#"    let forgotten = planted(21) && I::NAME == "Alarm";
    let step = Step {
        reply,
        wake_at: wake_at.filter(|_| !forgotten),"#,
    },
    Edit {
        file: "queue/policy.rs",
        find: r"(self.user_slots < self.slots).then_some",
        plant: r"(self.user_slots < self.slots && !planted(17)).then_some",
    },
    Edit {
        file: "queue/tally.rs",
        find: r"                if entry.unspent {",
        plant: r"                if entry.unspent && !planted(36) {",
    },
    Edit {
        file: "queue/ranks.rs",
        find: r"if entry.stage == Stage::Waiting
            && let Some(level)",
        plant: r"if entry.stage == Stage::Waiting
            && !planted(43)
            && let Some(level)",
    },
    Edit {
        file: "cached.rs",
        find: r"        self.value = None;
        write(&value)?;",
        plant: r"        if !planted(35) {
            self.value = None;
        }
        write(&value)?;",
    },
    Edit {
        file: "queue/alerts.rs",
        find: r"if self.policy.alerts.kinds.is_empty() || self.alerts_checked {",
        plant: r"if self.policy.alerts.kinds.is_empty() || self.alerts_checked || planted(37) {",
    },
    Edit {
        file: "alerts/message.rs",
        find: r"        self.tries += 1;
",
        plant: r"        self.tries += 1;
        if planted(38) && self.tries > 1 {
            self.id.push('x');
        }
",
    },
    Edit {
        file: "alerts/record.rs",
        find: r"                alert.over_since = None;
                continue;",
        plant: r"                alert.over_since = None;
                if !planted(39) {
                    continue;
                }",
    },
    Edit {
        file: "alarm.rs",
        find: r"set.filter(|set| *set > now);",
        plant: r"set.filter(|set| *set > now || planted(22));",
    },
    Edit {
        file: "delivery.rs",
        find: r"        self.state = DeliveryState::Pending {
            next_at: moment.now,
        };
",
        plant: r"        self.state = DeliveryState::Pending {
            next_at: moment.now,
        };
        if planted(30) {
            self.id = event_id(moment, self.sequence);
        }
",
    },
    Edit {
        file: "delivery.rs",
        find: r"        let made =",
        plant: r"        if planted(3) {
            self.id = event_id(moment, self.sequence);
        }
        let made =",
    },
];
