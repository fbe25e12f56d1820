//! A few models and a request builder in the shape in which the generator writes them.

use msgraph_runtime::edm::{DateTimeOffset, Guid, Json};
use msgraph_runtime::{
    Enumeration, EnumerationInfo, Extra, Flags, Model, ReadError, Reader, TypeInfo, UnknownMember, Writer,
    enumerations, models,
};

#[derive(Default)]
pub struct User {
    pub about_me: Option<String>,
    pub account_enabled: Option<bool>,
    pub age_group: Option<AgeGroup>,
    pub business_phones: Option<Vec<String>>,
    pub created: Option<DateTimeOffset>,
    pub days: Option<i32>,
    pub id: Option<Guid>,
    pub manager: Option<Box<User>>,
    pub messages: Option<Vec<Message>>,
    pub password: Option<String>,
    pub rights: Option<Flags<AgeGroup>>,
    pub score: Option<f64>,
    pub anything: Option<Json>,
    pub extra: Extra,
}

impl Model for User {
    const TYPE: &'static TypeInfo = &TypeInfo {
        name: "microsoft.graph.user",
        bases: &["microsoft.graph.directoryObject"],
        properties: &[
            "aboutMe",
            "accountEnabled",
            "ageGroup",
            "anything",
            "businessPhones",
            "created",
            "days",
            "id",
            "manager",
            "messages",
            "notCompiledIn",
            "password",
            "rights",
            "score",
        ],
    };
    const DERIVED: &'static [&'static str] = &["microsoft.graph.guest"];

    #[inline]
    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.about_me),
            1 => reader.read(&mut self.account_enabled),
            2 => reader.read(&mut self.age_group),
            3 => reader.read(&mut self.anything),
            4 => reader.read(&mut self.business_phones),
            5 => reader.read(&mut self.created),
            6 => reader.read(&mut self.days),
            7 => reader.read(&mut self.id),
            8 => reader.read(&mut self.manager),
            9 => reader.read(&mut self.messages),
            11 => reader.read(&mut self.password),
            12 => reader.read(&mut self.rights),
            13 => reader.read(&mut self.score),
            _ => reader.rest(&mut self.extra),
        }
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.about_me);
        writer.write(1, &self.account_enabled);
        writer.write(2, &self.age_group);
        writer.write(3, &self.anything);
        writer.write(4, &self.business_phones);
        writer.write(5, &self.created);
        writer.write(6, &self.days);
        writer.write(7, &self.id);
        writer.write(8, &self.manager);
        writer.write(9, &self.messages);
        writer.write(11, &self.password);
        writer.write(12, &self.rights);
        writer.write(13, &self.score);
    }
}

#[derive(Default)]
pub struct Message {
    pub is_read: Option<bool>,
    pub subject: Option<String>,
    pub extra: Extra,
}

impl Model for Message {
    const TYPE: &'static TypeInfo =
        &TypeInfo { name: "microsoft.graph.message", bases: &[], properties: &["isRead", "subject"] };

    #[inline]
    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.is_read),
            1 => reader.read(&mut self.subject),
            _ => reader.rest(&mut self.extra),
        }
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.is_read);
        writer.write(1, &self.subject);
    }
}

#[derive(Default)]
pub struct DriveItem {
    pub deleted: Option<Json>,
    pub id: Option<String>,
    pub extra: Extra,
}

impl Model for DriveItem {
    const TYPE: &'static TypeInfo =
        &TypeInfo { name: "microsoft.graph.driveItem", bases: &[], properties: &["deleted", "id"] };

    #[inline]
    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.deleted),
            1 => reader.read(&mut self.id),
            _ => reader.rest(&mut self.extra),
        }
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.deleted);
        writer.write(1, &self.id);
    }
}

#[derive(Default)]
pub struct DirectoryObject {
    pub id: Option<String>,
    pub extra: Extra,
}

impl Model for DirectoryObject {
    const TYPE: &'static TypeInfo =
        &TypeInfo { name: "microsoft.graph.directoryObject", bases: &[], properties: &["id"] };

    #[inline]
    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.id),
            _ => reader.rest(&mut self.extra),
        }
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.id);
    }
}

models!(User, Message, DriveItem, DirectoryObject);

/// Properties of users; some that [`User`] has no field for.
pub mod user {
    use super::{AgeGroup, DateTimeOffset, DriveItem, Flags, Guid, Message, User};
    use msgraph_runtime::{Expanded, Property};

    pub const ABOUT_ME: Property<User, String> = Property::Named("aboutMe");
    pub const ACCOUNT_ENABLED: Property<User, bool> = Property::Named("accountEnabled");
    pub const AGE_GROUP: Property<User, AgeGroup> = Property::Named("ageGroup");
    pub const BUSINESS_PHONES: Property<User, Vec<String>> = Property::Named("businessPhones");
    pub const CREATED: Property<User, DateTimeOffset> = Property::Named("created");
    pub const DAYS: Property<User, i32> = Property::Named("days");
    pub const DRIVE: Property<User, DriveItem> = Property::Named("drive");
    pub const FRIENDS: Property<User, Expanded<Vec<User>>> = Property::Named("friends");
    pub const ID: Property<User, Guid> = Property::Named("id");
    pub const MANAGER: Property<User, Expanded<User>> = Property::Named("manager");
    pub const MESSAGES: Property<User, Vec<Message>> = Property::Named("messages");
    pub const PASSWORD: Property<User, String> = Property::Named("password");
    pub const RIGHTS: Property<User, Flags<AgeGroup>> = Property::Named("rights");
    pub const SCORE: Property<User, f64> = Property::Named("score");
}

/// Properties of messages.
pub mod message {
    use super::Message;
    use msgraph_runtime::Property;

    pub const IS_READ: Property<Message, bool> = Property::Named("isRead");
    pub const SUBJECT: Property<Message, String> = Property::Named("subject");
}

#[derive(Clone)]
#[non_exhaustive]
pub enum AgeGroup {
    Minor,
    Adult,
    Unrecognized(UnknownMember),
}

impl AgeGroup {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Minor => "minor",
            Self::Adult => "adult",
            Self::Unrecognized(member) => member.as_str(),
        }
    }
}

impl Enumeration for AgeGroup {
    const TYPE: &'static EnumerationInfo<Self> = &EnumerationInfo {
        name: "microsoft.graph.ageGroup",
        members: &[Self::Minor, Self::Adult],
        unknown: Self::Unrecognized,
        as_str: Self::as_str,
    };
}

enumerations!(AgeGroup);
