//! One instance of the queue's object: its steps, with what it keeps in memory.

use super::{Input, Memory, Policy, Rows, Step, step};
use crate::machine::cached::Cached;
use crate::time::Moment;

/// One instance of the queue's object.
#[derive(Debug, Default)]
pub struct QueueInstance {
    memory: Cached<Memory>,
}

impl QueueInstance {
    /// Takes one input.
    pub fn step<I: Input, R: Rows>(
        &mut self,
        rows: &mut R,
        input: I,
        moment: Moment,
        policy: &Policy,
    ) -> Result<Step<I::Reply>, R::Error> {
        let memory = self.memory.take(|| rows.memory())?;
        let (step, memory) = step::take(rows, memory, input, moment, policy)?;
        self.memory.set(memory, |_| Ok(()))?;
        Ok(step)
    }

    /// The memory, for what only reads.
    pub fn memory<R: Rows>(&mut self, rows: &R) -> Result<&Memory, R::Error> {
        self.memory.get(|| rows.memory())
    }

    /// Reads the memory again at the next step, because the last write may not have happened.
    pub fn forget(&mut self) {
        self.memory.forget();
    }
}
