//! What an operator changes without a deploy: pauses of a video service or a model (I17), and
//! limits in place of their settings (I9, I13).

use crate::queue_story::{QueueStory, key, summary, told};
use reelay::machine::Status;
use reelay::machine::queue::{
    BlockedBy, ChangeLimits, Enqueue, Limit, LimitConflict, Mode, Override, Overrides, Pause,
    PauseUpstream, Refused, Resume, ResumeUpstream, SWEEP_PATIENCE, Scope, Summary, Terms,
};
use reelay::time::{HOUR, MINUTE, SECOND};

const FAST: &str = "veo3/veo-3.1-fast";

#[test]
fn a_paused_provider_or_model_gets_no_slot_in_any_mode_while_others_go_on_i17() {
    for mode in Mode::ALL {
        for (scope, waits) in [
            (scope("veo3", None), vec!["slow", "fast"]),
            (scope("veo3", Some("veo-3.1")), vec!["slow"]),
        ] {
            let mut story = QueueStory::in_mode(mode, 9);
            story.takes(PauseUpstream { scope });
            for summary in [summary("slow", 0), fast("fast"), elsewhere("other")] {
                story.enqueue(summary);
            }
            story.now += SWEEP_PATIENCE;
            story.sweep();
            let mut held = story.holders();
            held.extend(waits.iter().map(|name| (*name).to_owned()));
            held.sort();
            assert_eq!(held, ["fast", "other", "slow"], "{mode:?}");
            for name in waits {
                let position = story.position(name);
                assert_eq!(
                    (position.blocked_by, position.estimated_start),
                    (Some(BlockedBy::Paused), None),
                    "{name} in {mode:?}"
                );
            }
        }
    }
}

#[test]
fn a_job_of_a_paused_upstream_keeps_its_place_and_nobody_behind_it_waits_for_it_i6() {
    let mut story = QueueStory::with_slots(1);
    story.takes(PauseUpstream {
        scope: scope("veo3", Some("veo-3.1")),
    });
    story.enqueue(summary("first", 0));
    story.enqueue(fast("second"));
    story.enqueue(fast("third"));
    assert_eq!(story.holders(), ["second"]);
    let pauses = story.takes(ResumeUpstream {
        scope: scope("veo3", Some("veo-3.1")),
    });
    assert!(pauses.upstreams.is_empty());
    story.ends_as(&fast("second"));
    assert_eq!(story.holders(), ["first"], "its turn came long ago");
}

#[test]
fn a_running_job_of_a_paused_upstream_goes_on() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.takes(PauseUpstream {
        scope: scope("veo3", None),
    });
    assert_eq!(story.holders(), ["job"]);
}

#[test]
fn each_pause_holds_until_it_is_resumed_itself_i17() {
    let mut story = QueueStory::with_slots(1);
    let (provider, model) = (scope("veo3", None), scope("veo3", Some("veo-3.1")));
    let since = story.now;
    story.takes(Pause);
    for scope in [&provider, &model, &provider] {
        story.takes(PauseUpstream {
            scope: scope.clone(),
        });
        story.now += SECOND;
    }
    story.enqueue(summary("job", 0));
    let left = story.takes(Resume);
    let since_when: Vec<_> = left
        .upstreams
        .iter()
        .map(|pause| (pause.scope.clone(), pause.since))
        .collect();
    assert_eq!(
        since_when,
        [(provider.clone(), since), (model.clone(), since + SECOND)]
    );
    story.takes(ResumeUpstream { scope: model });
    assert!(story.holders().is_empty(), "its provider is paused");
    story.takes(ResumeUpstream {
        scope: provider.clone(),
    });
    assert_eq!(story.holders(), ["job"]);
    let before = story.rows.clone();
    story.takes(ResumeUpstream { scope: provider });
    assert_eq!(story.rows, before, "resuming again changes nothing");
}

#[test]
fn a_raised_limit_starts_jobs_at_once_and_its_reset_takes_no_slot_away_i9() {
    let mut story = QueueStory::with_slots(1);
    for name in ["1", "2", "3", "4"] {
        story.enqueue(summary(name, 0));
    }
    story.set(&[
        (Limit::MaxConcurrentJobs, Some(3)),
        (Limit::MaxConcurrentJobsPerUser, Some(3)),
    ]);
    assert_eq!(story.holders(), ["1", "2", "3"]);
    story.set(&[
        (Limit::MaxConcurrentJobs, None),
        (Limit::MaxConcurrentJobsPerUser, None),
    ]);
    assert_eq!(story.holders(), ["1", "2", "3"]);
    story.ends("1");
    assert_eq!(story.holders(), ["2", "3"], "one slot, and two are held");
    assert_eq!(story.position("4").blocked_by, Some(BlockedBy::Concurrency));
}

#[test]
fn a_limit_that_was_not_changed_follows_its_setting() {
    let mut story = QueueStory::with_slots(1);
    story.policy.user_slots = reelay::machine::queue::Policy::UNLIMITED;
    story.set(&[(Limit::MaxConcurrentJobs, Some(2))]);
    for name in ["1", "2"] {
        story.enqueue(summary(name, 0));
    }
    assert_eq!(story.holders(), ["1", "2"], "a user may have every slot");
    story.policy.slots = 9;
    story.enqueue(summary("3", 0));
    assert_eq!(
        story.holders(),
        ["1", "2"],
        "a deploy does not end the change"
    );
}

#[test]
fn a_rate_at_run_time_replaces_the_models_own_limit_as_the_setting_does() {
    let mut story = QueueStory::with_slots(9);
    let own = |name: &str| Summary {
        submits_per_minute: Some(1),
        ..summary(name, 0)
    };
    for name in ["1", "2", "3"] {
        story.enqueue(own(name));
    }
    assert_eq!(story.holders(), ["1"]);
    story.set(&[(Limit::MaxSubmitsPerMinute, Some(2))]);
    assert_eq!(story.holders(), ["1", "2"]);
    assert_eq!(story.position("3").blocked_by, Some(BlockedBy::RateLimit));
}

#[test]
fn a_budget_at_run_time_refuses_orders_and_its_reset_takes_them_again_i13() {
    let mut story = QueueStory::with_slots(9);
    let priced = |name: &str| Summary {
        price_micros: 3_000_000,
        cost_micros: 3_000_000,
        ..summary(name, 0)
    };
    story.set(&[
        (Limit::MaxCostPerDay, Some(5_000_000)),
        (Limit::MaxCostPerUserPerDay, Some(4_000_000)),
    ]);
    let mut order = |name: &str| {
        story.takes(Enqueue {
            summary: priced(name),
            terms: Terms::default(),
        })
    };
    assert!(order("1").is_ok());
    for name in ["2", "bob/1"] {
        assert!(
            matches!(order(name), Err(Refused::OverBudget(_))),
            "{name} does not fit"
        );
    }
    story.set(&[
        (Limit::MaxCostPerDay, None),
        (Limit::MaxCostPerUserPerDay, None),
    ]);
    assert!(story.order(priced("2")).is_some());
}

#[test]
fn limits_that_do_not_fit_together_are_refused_and_nothing_is_stored() {
    let mut story = QueueStory::with_slots(4);
    story.set(&[(Limit::MaxConcurrentJobsPerUser, Some(3))]);
    let before = story.rows.clone();
    let per_user = |per_user, total| LimitConflict::PerUserAboveTotal { per_user, total };
    for (changes, conflict) in [
        (
            vec![(Limit::MaxConcurrentJobsPerUser, Some(5))],
            per_user(5, 4),
        ),
        (vec![(Limit::MaxConcurrentJobs, Some(2))], per_user(3, 2)),
        (
            vec![
                (Limit::MaxSubmitsPerMinute, Some(7)),
                (Limit::MaxCostPerDay, Some(1_000_000)),
            ],
            LimitConflict::NoBudgetPerUser,
        ),
    ] {
        let refused = story.takes(ChangeLimits {
            changes,
            operator: "ops".to_owned(),
        });
        assert_eq!(refused, Err(conflict));
        assert_eq!(story.rows, before);
    }
    // A deploy may lower a setting under an override: other limits can still be changed.
    story.policy.slots = 2;
    story.set(&[(Limit::MaxSubmitsPerMinute, Some(7))]);
}

#[test]
fn a_change_names_its_operator_and_its_time() {
    let mut story = QueueStory::with_slots(4);
    story.set(&[(Limit::MaxConcurrentJobs, Some(2))]);
    story.now += HOUR;
    let overrides = story.set(&[(Limit::MaxConcurrentJobs, Some(3))]);
    assert_eq!(
        overrides.get(Limit::MaxConcurrentJobs),
        Some(&Override {
            limit: Limit::MaxConcurrentJobs,
            value: 3,
            changed_by: "ops".to_owned(),
            changed_at: story.now,
        })
    );
}

#[test]
fn an_upstream_in_backoff_is_probed_when_it_is_resumed_and_another_is_not() {
    let mut story = QueueStory::with_slots(9);
    story.enqueue(summary("1", 0));
    let terms = Terms {
        keeps_place: true,
        availability: Some(reelay::machine::limiter::Availability::NotNow {
            after: Some(20 * MINUTE),
        }),
        ..Terms::default()
    };
    let refused = Summary {
        epoch: 2,
        report_number: 4,
        submits: 1,
        ..summary("1", 0)
    };
    story.enqueue_on(refused, terms);
    story.takes(ResumeUpstream {
        scope: scope("acme", None),
    });
    assert!(story.holders().is_empty());
    story.takes(ResumeUpstream {
        scope: scope("veo3", None),
    });
    assert_eq!(story.holders(), ["1"]);
}

impl QueueStory {
    /// An operator changes limits.
    fn set(&mut self, changes: &[(Limit, Option<u64>)]) -> Overrides {
        let answered = self.takes(ChangeLimits {
            changes: changes.to_vec(),
            operator: "ops".to_owned(),
        });
        answered.expect("the limits fit together")
    }

    /// This job reports its end.
    fn ends_as(&mut self, of: &Summary) {
        let ended = told(&of.key.generation_id, 1, 2, Status::Completed);
        assert_eq!(ended.key, key(&of.key.generation_id));
        self.report(Summary {
            upstream: of.upstream.clone(),
            ..ended
        });
    }
}

fn scope(provider: &str, model: Option<&str>) -> Scope {
    Scope {
        provider: provider.to_owned(),
        model: model.map(str::to_owned),
    }
}

fn fast(name: &str) -> Summary {
    Summary {
        upstream: FAST.to_owned(),
        ..summary(name, 0)
    }
}

fn elsewhere(name: &str) -> Summary {
    Summary {
        upstream: "acme/veo-3.1".to_owned(),
        ..summary(name, 0)
    }
}
