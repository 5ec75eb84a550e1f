//! A stored value that an instance of an object also keeps in memory.

/// Read once by an instance and written through, so that memory and storage are the same. After a
/// write that failed the value is read again, because nobody knows what was written.
#[derive(Debug)]
pub struct Cached<T> {
    value: Option<T>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { value: None }
    }
}

impl<T> Cached<T> {
    /// The value; `read` is called if this instance does not know it.
    pub fn get<E>(&mut self, read: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let value = match self.value.take() {
            Some(value) => value,
            None => read()?,
        };
        Ok(self.value.insert(value))
    }

    /// Replaces the value by one that `write` stores.
    pub fn set<E>(&mut self, value: T, write: impl FnOnce(&T) -> Result<(), E>) -> Result<(), E> {
        self.value = None;
        write(&value)?;
        self.value = Some(value);
        Ok(())
    }

    /// Takes the value out, to be put back by [`Self::set`]; whoever fails meanwhile has forgotten
    /// it.
    pub fn take<E>(&mut self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.value.take().map_or_else(read, Ok)
    }

    /// Reads the value again next time.
    pub fn forget(&mut self) {
        self.value = None;
    }
}
