//! What the API says when it can't do what was asked: RFC 9457 problems with a stable code, in Chinese and English.
//!
//! The table below is the only place where an HTTP status is chosen for a failure.

use crate::db::StoreError;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use meterbook::text::{Language, Text};
use serde::Serialize;
use std::fmt;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $zh:literal, $en:literal;)+) => {
        /// Every problem the API can answer with.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum ProblemCode { $($(#[$doc])* $name,)+ }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code clients act on.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// The title a person reads.
            #[must_use]
            pub const fn title(self) -> Text {
                match self { $(Self::$name => Text { zh: $zh, en: $en },)+ }
            }
        }
    };
}

problems! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", 400, "请求体不是有效的 JSON", "The body is not valid JSON";
    /// The compressed body ended early or is damaged.
    MalformedEncoding = "malformed_encoding", 400, "请求体的压缩数据不完整或已损坏", "The compressed body is cut off or damaged";
    /// The cursor is not one this server made for this reader.
    InvalidCursor = "invalid_cursor", 400, "游标无效，请不带游标重新同步", "The cursor is not valid: sync again without one";
    /// A query parameter can't be read.
    InvalidParameter = "invalid_parameter", 400, "查询参数无效", "A query parameter is not valid";
    /// No valid access token.
    Unauthenticated = "unauthenticated", 401, "未登录或登录已失效", "Not signed in, or the sign-in has expired";
    /// Login name or password wrong.
    WrongCredentials = "wrong_credentials", 401, "账号或密码不正确", "The login name or password is wrong";
    /// The account has a second factor, and no code of it was given.
    SecondFactorNeeded = "second_factor_needed", 401, "请输入动态验证码", "Give a code of the second factor";
    /// The code of the second factor is wrong or was used before.
    WrongSecondFactor = "wrong_second_factor", 401, "动态验证码不正确或已使用", "The code is wrong or was used before";
    /// Console roles need a second factor here, and this account has none.
    EnrolmentNeeded = "enrolment_needed", 401, "须先登记动态验证码", "Set up a second factor first";
    /// The password is older than the company allows.
    PasswordExpired = "password_expired", 401, "密码已过期，请修改密码", "The password has expired: change it";
    /// Activation code unknown, used or expired.
    InvalidActivationCode = "invalid_activation_code", 401, "激活码无效、已使用或已过期", "The activation code is unknown, used or expired";
    /// Set-up token unknown or used.
    InvalidSetupToken = "invalid_setup_token", 401, "初始化令牌无效", "The set-up token is not valid";
    /// Refresh token unknown, expired, or its family was revoked.
    InvalidRefreshToken = "invalid_refresh_token", 401, "刷新令牌无效，请重新登录", "The refresh token is not valid: sign in again";
    /// The role may not call this operation.
    Forbidden = "forbidden", 403, "当前角色无权进行此操作", "This role may not do that";
    /// Only a phone's session may do this.
    DeviceRequired = "device_required", 403, "请用已激活的手机同步", "Sync from an activated phone";
    /// No such thing, or not this caller's.
    NotFound = "not_found", 404, "找不到所请求的对象", "There is no such object";
    /// The path exists with other methods.
    MethodNotAllowed = "method_not_allowed", 405, "该地址不支持此方法", "This address does not take that method";
    /// The photo is kept as evidence, but can't be decoded here.
    PhotoNotShown = "photo_not_shown", 406, "照片已保存，但无法显示", "The photo is kept, but can't be shown";
    /// The state of the thing does not allow it.
    Conflict = "conflict", 409, "当前状态不允许此操作", "The present state does not allow that";
    /// First-run set-up was done before.
    AlreadyClaimed = "already_claimed", 409, "系统已完成初始化", "The set-up has been done already";
    /// The same Idempotency-Key came with another body.
    IdempotencyMismatch = "idempotency_mismatch", 409, "同一幂等键对应了不同的请求", "The idempotency key was used for another request";
    /// A resumable upload stands elsewhere.
    OffsetMismatch = "offset_mismatch", 409, "续传位置不符，请先查询已收到的位置", "The upload stands at another offset: ask where";
    /// Another version of tus than 1.0.0.
    TusVersion = "tus_version", 412, "只支持 tus 1.0.0", "Only tus 1.0.0 is spoken here";
    /// The body is larger than the limit in meta.
    BodyTooLarge = "body_too_large", 413, "请求体超过上限，请减半后重发", "The body is over the limit: send half as much";
    /// Neither of the types this operation reads.
    UnsupportedMediaType = "unsupported_media_type", 415, "不支持的内容类型", "The content type is not supported";
    /// What came is no photo.
    NotAPhoto = "not_a_photo", 415, "不是 JPEG、PNG、WebP 或 HEIC 照片", "This is no JPEG, PNG, WebP or HEIC photo";
    /// The body was understood and is wrong.
    InvalidInput = "invalid_input", 422, "请求内容有误", "The content is not valid";
    /// What came is not what the hash names.
    HashMismatch = "hash_mismatch", 422, "内容与哈希值不符，请重新上传", "The content is not what the hash names: send it again";
    /// Too many tries.
    TooManyRequests = "too_many_requests", 429, "操作过于频繁，请稍后再试", "Too many tries: wait a little";
    /// A phone brings photos that no record names.
    PhotoQuota = "photo_quota", 429, "未登记的照片过多，请先上传抄表记录", "Too many photos that no record names: push the records first";
    /// A part of an upload was damaged on its way (tus).
    ChecksumMismatch = "checksum_mismatch", 460, "分块校验不符，请重发该分块", "The part was damaged on its way: send it again";
    /// Our fault.
    Internal = "internal", 500, "服务器内部错误", "Something went wrong on our side";
    /// Not now.
    Unavailable = "unavailable", 503, "服务暂时不可用，请稍后重试", "The service is not available just now";
}

/// One thing wrong with the input, at its place.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    /// JSON pointer into the body, or the name of the parameter.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What was expected.
    pub detail: String,
}

/// The body of a problem answer (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `urn:meterbook:problem:` and the code.
    pub r#type: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable code: act on this.
    pub code: String,
    /// What happened, for a person, by Accept-Language.
    pub title: String,
    /// What to do or what was expected, where there is more to say.
    pub detail: String,
    /// Where the input is wrong.
    pub errors: Vec<FieldFault>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
}

/// A fault in the input that is still in both languages.
#[derive(Clone, Debug)]
pub struct ProblemFault {
    /// JSON pointer or parameter name.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A failed request, before it is put into the caller's language.
#[derive(Clone, Debug)]
pub struct Problem {
    code: ProblemCode,
    detail: (String, String),
    faults: Vec<ProblemFault>,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem whose title says all.
    #[must_use]
    pub const fn new(code: ProblemCode) -> Self {
        Self { code, detail: (String::new(), String::new()), faults: Vec::new(), retry_after_s: None }
    }

    /// Adds what was expected, in both languages.
    #[must_use]
    pub fn detail(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.detail = (zh.into(), en.into());
        self
    }

    /// Adds a place where the input is wrong.
    #[must_use]
    pub fn fault(
        mut self,
        pointer: impl Into<String>,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        self.faults.push(ProblemFault { pointer: pointer.into(), code, zh: zh.into(), en: en.into() });
        self
    }

    /// Says when to come again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ProblemCode {
        self.code
    }

    /// The answer in one language.
    #[must_use]
    pub fn body(&self, language: Language) -> ProblemBody {
        let pick = |zh: &str, en: &str| if language == Language::Chinese { zh.to_owned() } else { en.to_owned() };
        let errors = self.faults.iter().map(|fault| FieldFault {
            pointer: fault.pointer.clone(),
            code: fault.code.to_owned(),
            detail: pick(&fault.zh, &fault.en),
        });
        ProblemBody {
            r#type: format!("urn:meterbook:problem:{}", self.code.code()),
            status: self.code.status(),
            code: self.code.code().to_owned(),
            title: self.code.title().in_language(language).to_owned(),
            detail: pick(&self.detail.0, &self.detail.1),
            errors: errors.collect(),
            retryable: matches!(self.code.status(), 413 | 429 | 460 | 500 | 503),
        }
    }

    /// The answer in one language.
    #[must_use]
    pub fn respond(&self, language: Language) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.code.status() == 401 {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        let body = serde_json::to_vec(&self.body(language)).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The language is known only to [`answer_in_language`](super::answer_in_language), which finds the problem here.
    fn error_response(&self) -> HttpResponse {
        let mut response = self.respond(Language::Chinese);
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<StoreError> for Problem {
    /// The cause is logged where it happened and never shown: a fault of the database is not the caller's.
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            Self::new(ProblemCode::Unavailable).retry_after(5)
        } else {
            Self::new(ProblemCode::Internal)
        }
    }
}
