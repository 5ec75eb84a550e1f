//! Schemas of the serialised types, collected by name, with corrections that a derive cannot make.

use crate::api::openapi::formats::reference;
use crate::api::problem::ProblemBody;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// The last parts of the names of fields with times.
const TIMES: [&str; 4] = ["At", "Since", "Until", "startAfter"];

/// The name that the derive gives to an alias of a number, such as `Millis`.
const NUMBER: &str = "u64";

/// The schemas collected so far.
pub(crate) struct Schemas(Map<String, Value>);

impl Schemas {
    pub(crate) fn new() -> Self {
        let mut schemas = Self(Map::new());
        schemas.of::<ProblemBody<'static>>();
        schemas.0["Problem"]["properties"]["success"] = json!({ "const": false });
        schemas.flatten("FieldError", "Place");
        schemas
    }

    /// Merges a type and the choice flattened into it into one object: generators do not support
    /// `allOf` with a choice.
    fn flatten(&mut self, name: &str, choice: &str) {
        let choices = self.0.remove(choice).unwrap_or_default();
        let Some(Value::Array(parts)) = self.0[name].get("allOf").cloned() else {
            return;
        };
        let mut flat = parts
            .into_iter()
            .find(|part| part.get("properties").is_some())
            .unwrap_or_default();
        for (field, schema) in choices["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["properties"].as_object())
            .flatten()
        {
            flat["properties"][field] = schema.clone();
        }
        flat["description"] = json!(format!(
            "{} {}",
            self.0[name]["description"].as_str().unwrap_or_default(),
            choices["description"].as_str().unwrap_or_default()
        ));
        self.0[name] = flat;
    }

    /// The reference to a type's schema. Adds the schema and all schemas that it refers to.
    pub(crate) fn of<T: ToSchema>(&mut self) -> Value {
        let mut named = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut named);
        // An alias of a number needs no schema of its own.
        named.retain(|(name, _)| name != NUMBER);
        for (name, schema) in named {
            self.0
                .entry(name)
                .or_insert_with(|| polished(serde_json::to_value(schema).unwrap_or_default()));
        }
        reference("schemas", &T::name())
    }

    /// A list of this type.
    pub(crate) fn list_of<T: ToSchema>(&mut self) -> Value {
        json!({ "type": "array", "items": self.of::<T>() })
    }

    /// Adds a schema that is written by hand, because its type is parsed by hand.
    pub(crate) fn add(&mut self, name: &str, schema: Value) -> Value {
        self.0.insert(name.to_owned(), schema);
        reference("schemas", name)
    }

    pub(crate) fn into_json(self) -> Map<String, Value> {
        self.0
    }
}

/// Applies rules that hold for all types: an optional field is never null, a field whose name ends
/// as in [`TIMES`] is a time, and `success` is true.
fn polished(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(object) => {
            if object.get("$ref") == reference("schemas", NUMBER).get("$ref") {
                object.remove("$ref");
                object.extend([
                    ("type".to_owned(), json!("integer")),
                    ("minimum".to_owned(), json!(0)),
                ]);
            }
            // Every key of a JSON object is a string.
            object.remove("propertyNames");
            if let Some(Value::String(text)) = object.get_mut("description") {
                // The lines of a docstring are wrapped.
                *text = text.replace('\n', " ");
            }
            let required: Vec<String> = object
                .get("required")
                .and_then(|names| serde_json::from_value(names.clone()).ok())
                .unwrap_or_default();
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if !required.contains(name) {
                        *property = never_null(property.take());
                    }
                    name_tells(name, property);
                }
            }
            for (_, value) in object.iter_mut() {
                *value = polished(value.take());
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = polished(value.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

fn never_null(mut property: Value) -> Value {
    let types: Vec<String> = property
        .get("type")
        .and_then(|types| serde_json::from_value(types.clone()).ok())
        .unwrap_or_default();
    if let [one] = types
        .iter()
        .filter(|name| *name != "null")
        .collect::<Vec<_>>()
        .as_slice()
    {
        property["type"] = json!(one);
    }
    let choices = property
        .get("oneOf")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let others: Vec<&Value> = choices
        .iter()
        .filter(|choice| **choice != json!({ "type": "null" }))
        .collect();
    if let ([other], true) = (others.as_slice(), choices.len() == 2)
        && let Some(object) = property.as_object_mut()
    {
        object.remove("oneOf");
        object.extend(other.as_object().cloned().unwrap_or_default());
    }
    property
}

fn name_tells(name: &str, property: &mut Value) {
    let is_text = match &property["type"] {
        Value::String(one) => one == "string",
        Value::Array(several) => several.contains(&json!("string")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    if is_text && TIMES.iter().any(|ending| name.ends_with(ending)) {
        property["format"] = json!("date-time");
    }
    if name == "success" && property["type"] == "boolean" {
        *property = json!({ "const": true });
    }
}
