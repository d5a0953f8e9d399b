//! The office's side of the demonstration: set-up, accounts, the register, rounds, activation codes.

use super::city::{City, export};
use super::phone::Phone;
use crate::accounts::setup_token;
use chrono::{Datelike as _, NaiveDate};
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook::meters::Class;
use meterbook_client::{Ask, Link, Outbox};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// A sign-in the visitor may use.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoLogin {
    /// The role.
    pub role: String,
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
}

/// The office, signed in.
pub struct Office {
    link: Link,
    /// One sign-in per role.
    pub logins: Vec<DemoLogin>,
    readers: Vec<i64>,
    /// Access and refresh token of each role signed in.
    tokens: RefCell<HashMap<Role, (String, String)>>,
}

impl Office {
    /// Claims the installation and makes the accounts.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn open(link: Link, token: &str, city: &City) -> Result<Self, String> {
        let mut logins = vec![new_login(Role::Admin, "admin")?];
        let admin = &logins[0];
        let claim = json!({"setup_token": token, "login": admin.login, "name": "管理员", "password": admin.password});
        ask(&link, Ask::post("/v1/setup", &claim), 201).await?;
        for (role, login) in [(Role::Dispatcher, "dispatcher"), (Role::Analyst, "analyst"), (Role::Cashier, "cashier")]
        {
            logins.push(new_login(role, login)?);
        }
        let mut office = Self { link, logins, readers: Vec::new(), tokens: RefCell::default() };
        for login in office.logins.clone().into_iter().skip(1) {
            office.create_account(&login, &login.login).await?;
        }
        for reader in &city.readers {
            let login = new_login(Role::Reader, reader.login)?;
            let id = office.create_account(&login, reader.name).await?;
            office.readers.push(id);
            if office.logins.iter().all(|known| known.role != login.role) {
                office.logins.push(login);
            }
        }
        Ok(office)
    }

    async fn ask(&self, request: Ask, status: u16) -> Result<Value, String> {
        ask(&self.link, request, status).await
    }

    async fn create_account(&self, login: &DemoLogin, name: &str) -> Result<i64, String> {
        let account = json!({"login": login.login, "name": name, "role": login.role, "password": login.password});
        let made = self.ask(Ask::post("/v1/accounts", &account).by(&self.token(Role::Admin).await?), 201).await?;
        made["id"].as_i64().ok_or_else(|| "an account without id".into())
    }

    /// The access token of a role, signed in on first use.
    ///
    /// # Errors
    /// Where signing in fails.
    pub async fn token(&self, role: Role) -> Result<String, String> {
        if let Some((access, _)) = self.tokens.borrow().get(&role) {
            return Ok(access.clone());
        }
        let login = self.logins.iter().find(|login| login.role == role.code()).ok_or("no such login")?;
        let asked = json!({"login": login.login, "password": login.password});
        let tokens = self.ask(Ask::post("/v1/auth/login", &asked), 200).await?;
        self.remember(role, &tokens)
    }

    /// Exchanges every token; often enough that none lapses over a night.
    ///
    /// # Errors
    /// What the server answered instead of tokens.
    pub async fn renew(&self) -> Result<(), String> {
        let held: Vec<(Role, String)> =
            self.tokens.borrow().iter().map(|(role, (_, refresh))| (*role, refresh.clone())).collect();
        for (role, refresh) in held {
            let asked = json!({"refresh_token": refresh});
            let tokens = self.ask(Ask::post("/v1/auth/refresh", &asked), 200).await?;
            self.remember(role, &tokens)?;
        }
        Ok(())
    }

    fn remember(&self, role: Role, tokens: &Value) -> Result<String, String> {
        let text = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
        let access = text("access_token")?;
        self.tokens.borrow_mut().insert(role, (access.clone(), text("refresh_token")?));
        Ok(access)
    }

    /// Imports what there is when the month begins, through the importers a company uses.
    ///
    /// # Errors
    /// A file that was not taken whole.
    pub async fn import_past(&self, city: &City, mut done: impl FnMut()) -> Result<(), String> {
        let first = city.month.first_day().to_string();
        let files = [
            ("register", rows(&export::register(city), "通气日期", |day| day < first.as_str())),
            ("purchases", rows(&export::purchases(city), "充值时间", |day| day < first.as_str())),
            ("readings", export::history(city)),
        ];
        for (kind, file) in files {
            self.import(kind, file).await?;
            done();
        }
        Ok(())
    }

    /// Imports the day's new points and purchases, as the office does each evening.
    ///
    /// # Errors
    /// A file that was not taken whole.
    pub async fn import_day(&self, city: &City, day: NaiveDate) -> Result<(), String> {
        let today = day.to_string();
        let new_points = rows(&export::register(city), "通气日期", |day| day == today);
        let bought = rows(&export::purchases(city), "充值时间", |day| day == today);
        for (kind, file) in [("register", new_points), ("purchases", bought)] {
            if file.lines().count() > 1 {
                self.import(kind, file).await?;
            }
        }
        Ok(())
    }

    async fn import(&self, kind: &str, file: String) -> Result<(), String> {
        let token = self.token(Role::Admin).await?;
        // The past has readings of points that were removed since: the importer names and refuses those rows.
        let path = format!("/v1/imports/{kind}?keep_good={}", kind == "readings");
        let report = self.ask(Ask::file(&path, file.into_bytes(), "text/csv").by(&token), 200).await?;
        if report["applied"] == json!(true) {
            Ok(())
        } else {
            Err(format!("{kind} was not taken: {}", report["faults"]))
        }
    }

    /// Makes the month's rounds and gives them to their readers: commercial ones for the 22nd and 23rd.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn plan(&self, city: &City) -> Result<(), String> {
        let token = self.token(Role::Dispatcher).await?;
        let routes = self.ask(Ask::get("/v1/routes").by(&token), 200).await?;
        let items = routes["items"].as_array().ok_or("no routes")?;
        let ids: HashMap<&str, i64> =
            items.iter().filter_map(|route| Some((route["code"].as_str()?, route["id"].as_i64()?))).collect();
        let (first, end) = (city.month.first_day(), city.month.end_day());
        for route in &city.routes {
            let id = ids.get(route.code.as_str()).ok_or_else(|| format!("route {} is missing", route.code))?;
            let (from, until) = match route.class {
                Class::Commercial => (day(first, 22), day(first, 24)),
                _ => (first, end),
            };
            let round = json!({"route_id": id, "reader_id": self.readers[route.reader], "from_day": from, "until_day": until, "include_suspended": true});
            self.ask(Ask::post("/v1/rounds", &round).by(&token), 201).await?;
        }
        Ok(())
    }

    /// Activates a phone for each reader.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn hand_out_phones(&self, seed: u64, link: impl Fn(u64) -> Link) -> Result<Vec<Phone>, String> {
        let outbox = Arc::new(Outbox::in_memory().map_err(|fault| fault.to_string())?);
        let token = self.token(Role::Dispatcher).await?;
        let mut phones = Vec::new();
        for (reader, number) in self.readers.iter().zip(1..) {
            let asked = json!({"account_id": reader});
            let code = self.ask(Ask::post("/v1/devices/activation-codes", &asked).by(&token), 201).await?;
            let code = code["code"].as_str().ok_or("no code")?;
            let label = format!("抄表手机 {number}");
            phones.push(Phone::activate(link(number), &outbox, seed ^ number, code, &label).await?);
        }
        Ok(phones)
    }

    /// Every row of a paged list.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn list(&self, role: Role, path: &str) -> Result<Vec<Value>, String> {
        let (token, mut rows, mut after) = (self.token(role).await?, Vec::new(), 0);
        loop {
            let page = self.ask(Ask::get(&format!("{path}?limit=500&after={after}")).by(&token), 200).await?;
            rows.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => return Ok(rows),
            }
        }
    }

    /// Has the month's lists of suspect meters made; a job makes them.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn make_lists(&self, month: Period) -> Result<(), String> {
        let request = Ask::post("/v1/anomaly-lists", &json!({"month": month.to_string()}));
        self.ask(request.by(&self.token(Role::Analyst).await?), 202).await.map(drop)
    }

    /// Coverage of the month and of its quarter.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn coverage(&self, periods: &[String]) -> Result<Vec<Value>, String> {
        let (token, mut lines) = (self.token(Role::Analyst).await?, Vec::new());
        for period in periods {
            let report = self.ask(Ask::get(&format!("/v1/coverage?period={period}")).by(&token), 200).await?;
            lines.extend(report["lines"].as_array().cloned().unwrap_or_default());
        }
        Ok(lines)
    }
}

async fn ask(link: &Link, request: Ask, status: u16) -> Result<Value, String> {
    let answered = link.try_once(request).await.and_then(|answer| answer.expect(status));
    answered.map_err(|fault| fault.to_string())
}

/// The header and those rows of a CSV whose day in `column` is wanted. The city writes no quoted commas before that column.
fn rows(csv: &str, column: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut lines = csv.lines();
    let header = lines.next().unwrap_or_default();
    let place = header.split(',').position(|name| name == column).unwrap_or_default();
    let is_wanted = |line: &&str| line.split(',').nth(place).and_then(|cell| cell.get(..10)).is_some_and(&wanted);
    let kept = lines.filter(is_wanted).fold(header.to_owned(), |file, line| file + "\n" + line);
    kept + "\n"
}

fn day(month: NaiveDate, day: u32) -> NaiveDate {
    month.with_day(day).unwrap_or(month)
}

fn new_login(role: Role, login: &str) -> Result<DemoLogin, String> {
    let password: String =
        setup_token().ok_or("no randomness")?.chars().filter(char::is_ascii_alphanumeric).take(14).collect();
    Ok(DemoLogin { role: role.code().into(), login: login.into(), password })
}
