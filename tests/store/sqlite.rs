//! An in-memory SQLite database that runs statements as a Durable Object's storage does, and can be
//! cut off.

use reelay::store::sql::{Sql, SqlValue};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::limits::Limit;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Batch, Connection, Statement, StatementStatus, params_from_iter};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use thiserror::Error;

/// The limits of the platform's own SQLite (workerd, `src/workerd/util/sqlite.c++`; a row's 2 MB
/// come from its documentation).
const PLATFORM_LIMITS: [(Limit, i32); 5] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_000_000),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
];

/// Why a statement did not run.
#[derive(Debug, Error)]
pub(crate) enum SqliteError {
    #[error("the object was cut off before this statement")]
    CutOff,
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// Statements and the values bound to the last of them.
type Ran = (String, Vec<SqlValue>);

/// Clones share one database.
#[derive(Clone)]
pub(crate) struct Sqlite {
    connection: Rc<Connection>,
    /// How many more statements run before the object is cut off.
    left: Rc<Cell<Option<u32>>>,
    /// The statements that ran, with their values.
    ran: Rc<RefCell<Vec<Ran>>>,
    /// The steps that the database took for all of them.
    worked: Rc<Cell<u64>>,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        for (limit, value) in PLATFORM_LIMITS {
            connection.set_limit(limit, value).unwrap();
        }
        Self {
            connection: Rc::new(connection),
            left: Rc::default(),
            ran: Rc::default(),
            worked: Rc::default(),
        }
    }

    /// Lets `statements` more run, or any number with `None`.
    pub(crate) fn cut_off_after(&self, statements: Option<u32>) {
        self.left.set(statements);
    }

    /// The database's schema: each table and index with the statement that created it.
    pub(crate) fn schema(&self) -> Vec<String> {
        self.texts(
            "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1",
        )
    }

    /// The rows of a query with one text column.
    pub(crate) fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.run(query, Vec::new()).unwrap();
        rows.into_iter()
            .map(|row| row.into_iter().next().unwrap().into_text())
            .collect()
    }

    /// How many rows were written so far, except those of the schema.
    pub(crate) fn rows_written(&self) -> u64 {
        self.connection.total_changes()
    }

    /// The statements that ran during `work`, each with the query plan by which the database finds
    /// its rows.
    pub(crate) fn plans(&self, work: impl FnOnce()) -> Vec<(String, Vec<String>)> {
        self.ran.borrow_mut().clear();
        work();
        let ran = self.ran.take();
        let plan = |(statement, values): Ran| {
            let rows = self
                .run(&format!("EXPLAIN QUERY PLAN {statement}"), values)
                .unwrap();
            (
                statement,
                rows.into_iter()
                    .filter_map(|row| row.into_iter().nth(3))
                    .map(SqlValue::into_text)
                    .collect(),
            )
        };
        ran.into_iter().map(plan).collect()
    }

    /// How many steps the database's virtual machine takes for `work`.
    pub(crate) fn steps(&self, work: impl FnOnce()) -> u64 {
        let before = self.worked.get();
        work();
        self.worked.get() - before
    }

    /// The statements among them that may write.
    pub(crate) fn writes(&self, work: impl FnOnce()) -> Vec<String> {
        let ran = self.plans(work).into_iter().map(|(statement, _)| statement);
        ran.filter(|statement| !statement.trim_start().starts_with("SELECT"))
            .collect()
    }

    fn execute(
        &self,
        statement: &mut Statement,
        values: &[SqlValue],
    ) -> Result<Vec<Vec<SqlValue>>, SqliteError> {
        match self.left.get() {
            Some(0) => return Err(SqliteError::CutOff),
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values.iter().map(to_database)))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|column| Ok(from_database(row.get_ref(column)?)));
            read.push(cells.collect::<Result<_, rusqlite::Error>>()?);
        }
        drop(rows);
        let steps = statement.get_status(StatementStatus::VmStep);
        self.worked
            .set(self.worked.get() + u64::from(steps.unsigned_abs()));
        Ok(read)
    }
}

impl Sql for Sqlite {
    type Error = SqliteError;

    fn run(
        &self,
        statements: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<Vec<SqlValue>>, SqliteError> {
        self.ran
            .borrow_mut()
            .push((statements.to_owned(), values.clone()));
        let mut batch = Batch::new(&self.connection, statements);
        let (mut rows, mut bound) = (Vec::new(), values.is_empty());
        while let Some(mut statement) = batch.next()? {
            let wanted = statement.parameter_count();
            assert!(
                wanted == 0 || wanted == values.len(),
                "{wanted} values wanted by {statements}"
            );
            rows = self.execute(&mut statement, if wanted == 0 { &[] } else { &values })?;
            assert!(
                !bound || wanted == 0,
                "only the last statement may have values: {statements}"
            );
            bound |= wanted > 0;
        }
        assert!(bound, "no statement took the values: {statements}");
        Ok(rows)
    }
}

fn to_database(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(value) => {
            assert!(
                value.unsigned_abs() < 1 << 53,
                "{value} is not exact as a double, which is how the platform binds it"
            );
            Value::Integer(*value)
        }
        SqlValue::Text(value) => Value::Text(value.clone()),
    }
}

fn from_database(value: ValueRef) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(value) => SqlValue::Integer(value),
        ValueRef::Text(_) => SqlValue::Text(value.as_str().unwrap().to_owned()),
        ValueRef::Real(_) | ValueRef::Blob(_) => panic!("no column may hold {value:?}"),
    }
}

#[test]
fn statements_run_in_order_and_the_last_one_gets_the_values() {
    let sql = Sqlite::new();
    let script = "CREATE TABLE a (b INTEGER, c TEXT); INSERT INTO a VALUES (1, 'x'); SELECT b, c FROM a WHERE b = ?";
    let rows = sql.run(script, vec![1_u32.into()]).unwrap();
    assert_eq!(rows, [[SqlValue::Integer(1), "x".into()]]);
}

#[test]
fn a_cut_off_database_keeps_what_ran_before() {
    let sql = Sqlite::new();
    sql.cut_off_after(Some(1));
    let cut = sql.run("CREATE TABLE a (b); CREATE TABLE c (d)", Vec::new());
    assert!(matches!(cut, Err(SqliteError::CutOff)));
    sql.cut_off_after(None);
    assert_eq!(sql.texts("SELECT name FROM sqlite_master"), ["a"]);
}
