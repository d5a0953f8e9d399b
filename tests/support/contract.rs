//! The contract as the tests read it: which operations there are, and whether an answer is one it promises (SECURITY 17).

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct OperationEntry {
    pub id: String,
    /// In capitals.
    pub method: String,
    pub template: String,
}

impl OperationEntry {
    /// Its path with something in place of each parameter.
    pub fn path_with(&self, parameter: &str) -> String {
        let fill = |part: &str| if part.starts_with('{') { parameter.to_owned() } else { part.to_owned() };
        self.template.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let (mine, asked): (Vec<_>, Vec<_>) = (self.template.split('/').collect(), path.split('/').collect());
        self.method == method
            && mine.len() == asked.len()
            && mine.iter().zip(&asked).all(|(mine, asked)| mine == asked || mine.starts_with('{') && !asked.is_empty())
    }
}

/// The document the service makes of its handlers.
pub struct Contract {
    document: Value,
    pub operations: Vec<OperationEntry>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// The one contract of this build.
    pub fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| Self::of(serde_json::to_value(meterbook_api::contract::openapi()).unwrap()))
    }

    fn of(mut document: Value) -> Self {
        let mut operations = Vec::new();
        for (template, item) in document["paths"].as_object().unwrap() {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    let id = operation["operationId"].as_str().expect("every operation has an operationId").to_owned();
                    operations.push(OperationEntry { id, method: method.to_uppercase(), template: template.clone() });
                }
            }
        }
        operations.sort_by(|one, other| one.id.cmp(&other.id));
        // An answer holds what the contract lists and nothing else: a member added in passing may be personal (SECURITY 3).
        for schema in document["components"]["schemas"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            let schema = schema.as_object_mut().unwrap();
            if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
                schema.insert("additionalProperties".into(), Value::Bool(false));
            }
        }
        Self { document, operations, validators: Mutex::default() }
    }

    /// The operation that serves a request, if the contract has one.
    pub fn operation(&self, method: &str, path: &str) -> Option<&OperationEntry> {
        // A fixed path goes before a parameter: `/v1/devices/activation-codes` is not the device called so.
        let fitting = self.operations.iter().filter(|operation| operation.fits(method, path));
        fitting.min_by_key(|operation| operation.template.matches('{').count())
    }

    /// Panics unless the contract promises such an answer to such a request.
    pub fn check(&self, method: &str, path: &str, status: u16, content_type: Option<&str>, body: &[u8]) {
        let asked = format!("{method} {path} answered {status}");
        let Some(operation) = self.operation(method, path) else {
            if path.starts_with("/v1/") {
                assert!(status == 404 || status == 405, "{asked}: the contract has no such operation");
                self.check_body(&asked, &json!({ "$ref": "#/components/schemas/ProblemBody" }), content_type, body);
            }
            return;
        };
        let item = &self.document["paths"][&operation.template][operation.method.to_lowercase()];
        let responses = item["responses"].as_object().unwrap();
        let promised = responses.get(&status.to_string()).or_else(|| responses.get("default"));
        let promised = promised.unwrap_or_else(|| panic!("{asked}, which {} does not promise", operation.id));
        let Some(content) = promised.get("content").and_then(Value::as_object).filter(|content| !content.is_empty())
        else {
            assert!(body.is_empty(), "{asked} with a body, which the contract does not promise");
            return;
        };
        let essence = content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
        let media = essence.and_then(|essence| content.get(essence));
        let media = media.unwrap_or_else(|| panic!("{asked} as {essence:?}, promised: {:?}", content.keys()));
        if let Some(schema) = media.get("schema") {
            self.check_body(&asked, schema, content_type, body);
        }
    }

    fn check_body(&self, asked: &str, schema: &Value, content_type: Option<&str>, body: &[u8]) {
        if !content_type.is_some_and(|text| text.contains("json")) {
            return;
        }
        let value: Value = serde_json::from_slice(body).unwrap_or_else(|_| panic!("{asked}, which is not JSON"));
        let faults: Vec<String> = self
            .validator(schema)
            .iter_errors(&value)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{asked}, off its schema: {faults:?}\n{value:#}");
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let key = schema.to_string();
        let made = validators.entry(key).or_insert_with(|| {
            let mut root = schema.as_object().unwrap().clone();
            root.insert("components".into(), self.document["components"].clone());
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            Arc::new(options.should_validate_formats(true).build(&Value::Object(root)).unwrap())
        });
        Arc::clone(made)
    }
}
