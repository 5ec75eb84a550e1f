//! The syntax of faults: `[[step:fault[:argument][*N]]]`, several separated by spaces in one pair
//! of brackets, or in several pairs.

mod raw;
mod vocabulary;

use std::fmt;
use std::time::Duration;

pub(crate) use raw::Raw;
pub(crate) use vocabulary::{
    DownloadFault, FileFault, PollFault, PushFault, Refusal, ResultFault, SubmitFault,
};

/// The largest video a mark may ask for: 1 GiB.
pub(crate) const MAX_VIDEO_BYTES: u64 = 1 << 30;

/// The most marks read from one text; more is an error.
const MAX_MARKS: usize = 64;

/// One fault and how many requests meet it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark<F> {
    /// What happens.
    pub(crate) fault: F,
    /// The mark as written, without its count; shown in the request record.
    pub(crate) label: String,
    /// How many requests meet it; `None` is every one.
    pub(crate) times: Option<u32>,
}

/// All marks of one text, by step, in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    pub(crate) submit: Vec<Mark<SubmitFault>>,
    pub(crate) poll: Vec<Mark<PollFault>>,
    pub(crate) result: Vec<Mark<ResultFault>>,
    pub(crate) download: Vec<Mark<DownloadFault>>,
    pub(crate) file: Vec<Mark<FileFault>>,
    /// Not counted: every named fault applies to every push of the job.
    pub(crate) push: Vec<PushFault>,
    /// `render:MS`: how long the render takes.
    pub(crate) render: Option<Duration>,
    /// `download:bytes:N`: the video is N bytes of the pattern instead of the sample.
    pub(crate) bytes: Option<u64>,
}

/// A mark that is not understood.
#[derive(Debug, PartialEq)]
pub(crate) struct UnknownMark(pub(crate) String);

impl fmt::Display for UnknownMark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown mark [[{}]]", self.0)
    }
}

impl Marks {
    /// Reads every mark in a text. A mark that is not understood is an error, so that a misspelt
    /// fault is not ignored.
    pub(crate) fn read(text: &str) -> Result<Self, UnknownMark> {
        let mut marks = Self::default();
        let mut rest = text;
        let mut count = 0;
        while let Some((_, opened)) = rest.split_once("[[") {
            let Some((inside, after)) = opened.split_once("]]") else {
                break;
            };
            for item in inside.split_whitespace() {
                count += 1;
                if count > MAX_MARKS {
                    return Err(UnknownMark(format!("more than {MAX_MARKS} marks")));
                }
                marks
                    .add(item)
                    .ok_or_else(|| UnknownMark(item.to_owned()))?;
            }
            rest = after;
        }
        Ok(marks)
    }

    fn add(&mut self, item: &str) -> Option<()> {
        let (label, times) = match item.split_once('*') {
            Some((label, times)) => (label, Some(times.parse().ok()?)),
            None => (item, None),
        };
        let (step, rest) = label.split_once(':')?;
        let (fault, argument) = match rest.split_once(':') {
            Some((fault, argument)) => (fault, Some(argument)),
            None => (rest, None),
        };
        match step {
            "submit" => self
                .submit
                .push(mark(SubmitFault::read(fault, argument)?, label, times)),
            "poll" => self
                .poll
                .push(mark(PollFault::read(fault, argument)?, label, times)),
            "result" => self
                .result
                .push(mark(ResultFault::read(fault, argument)?, label, times)),
            "download" if fault == "bytes" => {
                let bytes = argument?.parse().ok()?;
                if bytes > MAX_VIDEO_BYTES || times.is_some() {
                    return None;
                }
                self.bytes = Some(bytes);
            }
            "download" => {
                self.download
                    .push(mark(DownloadFault::read(fault, argument)?, label, times));
            }
            "file" => self
                .file
                .push(mark(FileFault::read(fault, argument)?, label, times)),
            "push" => {
                if argument.is_some() || times.is_some() {
                    return None;
                }
                self.push.push(PushFault::read(fault)?);
            }
            "render" => {
                if argument.is_some() || times.is_some() {
                    return None;
                }
                self.render = Some(Duration::from_millis(fault.parse().ok()?));
            }
            _ => return None,
        }
        Some(())
    }
}

fn mark<F>(fault: F, label: &str, times: Option<u32>) -> Mark<F> {
    Mark {
        fault,
        label: label.to_owned(),
        times,
    }
}

/// The mark that a request after `earlier` others meets: marks with a count are used up in order.
pub(crate) fn due<F>(marks: &[Mark<F>], earlier: u32) -> Option<&Mark<F>> {
    let mut used = 0_u32;
    marks.iter().find(|mark| match mark.times {
        None => true,
        Some(times) => {
            used = used.saturating_add(times);
            earlier < used
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_wherever_they_stand_in_a_prompt() {
        let marks = Marks::read("a dog [[submit:503*2]] runs [[render:250 download:bytes:10]]");
        let marks = marks.expect("the marks are well formed");
        assert_eq!(marks.submit[0].times, Some(2));
        assert_eq!(marks.submit[0].label, "submit:503");
        assert_eq!(marks.render, Some(Duration::from_millis(250)));
        assert_eq!(marks.bytes, Some(10));
    }

    #[test]
    fn a_misspelt_mark_is_an_error_and_not_a_fault_free_run() {
        for text in [
            "[[submit:42]]",
            "[[sbmit:429]]",
            "[[poll]]",
            "[[submit:429*x]]",
            "[[download:bytes:99999999999]]",
        ] {
            assert!(Marks::read(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn counted_marks_of_a_step_follow_one_another() {
        let marks = Marks::read("[[poll:500*2]] [[poll:429]]").expect("well formed");
        let met = |earlier| due(&marks.poll, earlier).map(|mark| mark.label.as_str());
        assert_eq!(met(1), Some("poll:500"));
        assert_eq!(met(2), Some("poll:429"));
        let marks = Marks::read("[[poll:500*1]]").expect("well formed");
        assert_eq!(due(&marks.poll, 1), None);
    }
}
