//! What must not compile, as pairs of documentation tests: one that compiles and one that does not and differs from it
//! in nothing but the mistake.

/// Makes a pair of tests of a line that is right and one that is wrong.
macro_rules! mistakes {
    ($($(#[$about:meta])* $name:ident: $right:literal, $wrong:literal;)+) => {$(
        $(#[$about])*
        ///
        #[doc = concat!("```no_run\n", prelude!(), $right, "\n# }\n```")]
        ///
        #[doc = concat!("```compile_fail\n", prelude!(), $wrong, "\n# }\n```")]
        pub mod $name {}
    )+};
}

/// What all tests begin with. Some mistakes show only in code that is used.
macro_rules! prelude {
    () => {
        "# #![allow(unused, reason = \"every test has the same beginning\")]\n\
         # use msgraph::GraphClient;\n\
         # use msgraph::models::{DirectoryObject, Message, User, directory_object, managed_device, message, user};\n\
         # use msgraph::runtime::{Model, Property, query::{CreateOnly, Null, Writable}};\n\
         # fn main() { std::hint::black_box(test as fn(GraphClient, DirectoryObject)); }\n\
         # fn test(client: GraphClient, object: DirectoryObject) {\n"
    };
}

mistakes! {
    /// A text compares with texts.
    a_text_is_no_number:
        "user::DISPLAY_NAME.gt(\"5\");",
        "user::DISPLAY_NAME.gt(5);";
    /// A number compares with numbers.
    a_number_is_no_text:
        "message::IS_READ.eq(true);",
        "message::IS_READ.eq(\"true\");";
    /// Two properties compare if their values have one type.
    properties_compare_with_those_of_their_type:
        "user::DISPLAY_NAME.eq(user::MAIL);",
        "user::DISPLAY_NAME.eq(user::ACCOUNT_ENABLED);";
    /// What has no order is not greater than anything.
    a_boolean_has_no_order:
        "user::ACCOUNT_ENABLED.ne(Null);",
        "user::ACCOUNT_ENABLED.gt(false);";
    /// Functions of texts are for texts.
    only_texts_begin_with_a_text:
        "user::DISPLAY_NAME.starts_with(\"A\");",
        "user::ACCOUNT_ENABLED.starts_with(\"A\");";
    /// Instants have years, texts do not.
    only_dates_have_a_year:
        "user::CREATED_DATE_TIME.year().eq(2026);",
        "user::DISPLAY_NAME.year().eq(2026);";
    /// A condition about elements needs some.
    only_collections_have_elements:
        "user::BUSINESS_PHONES.any(|phone| phone.eq(\"1\"));",
        "user::MOBILE_PHONE.any(|phone| phone.eq(\"1\"));";
    /// The elements have a type, too.
    elements_have_the_type_of_the_collection:
        "user::BUSINESS_PHONES.any(|phone| phone.eq(\"1\"));",
        "user::BUSINESS_PHONES.any(|phone| phone.eq(1));";
    /// Only sets of members have members.
    only_sets_have_members:
        "user::DISPLAY_NAME.eq(\"A\");",
        "user::DISPLAY_NAME.has(\"A\");";
    /// Conditions combine with conditions on items of the same type.
    conditions_are_on_one_type:
        "let both = user::DISPLAY_NAME.eq(\"A\").and(user::MAIL.eq(\"B\"));",
        "let both = user::DISPLAY_NAME.eq(\"A\").and(message::SUBJECT.eq(\"B\"));";
    /// A list is filtered by what its items have.
    a_filter_is_on_the_items:
        "client.users().list().filter(user::DISPLAY_NAME.eq(\"A\"));",
        "client.users().list().filter(message::SUBJECT.eq(\"A\"));";
    /// An expression that is no condition is no filter.
    a_filter_is_a_condition:
        "client.users().list().filter(user::ACCOUNT_ENABLED.eq(true));",
        "client.users().list().filter(user::DISPLAY_NAME.to_lower());";
    /// What is selected belongs to the items.
    a_selection_is_of_the_items:
        "client.users().list().select([user::DISPLAY_NAME]);",
        "client.users().list().select([message::SUBJECT]);";
    /// An order is one of the items.
    an_order_is_of_the_items:
        "client.users().list().order_by(user::DISPLAY_NAME.desc());",
        "client.users().list().order_by(message::SUBJECT.desc());";
    /// Only what leads to other entities is expanded.
    only_navigation_properties_are_expanded:
        "client.users().list().expand(user::MANAGER);",
        "client.users().list().expand(user::DISPLAY_NAME);";
    /// What is selected inside belongs to the values that are expanded.
    what_is_expanded_has_properties_of_its_own:
        "user::MANAGER.select([directory_object::ID]);",
        "user::MANAGER.select([message::SUBJECT]);";
    /// A property stands for one of a related type only.
    a_property_goes_to_related_types:
        "user::DISPLAY_NAME.of::<DirectoryObject>();",
        "user::DISPLAY_NAME.of::<Message>();";
    /// A change has a value of the property's type.
    a_change_has_the_type_of_the_property:
        "user::Patch::new().set(user::DISPLAY_NAME, \"A\");",
        "user::Patch::new().set(user::DISPLAY_NAME, true);";
    /// A change is one of the type that is changed.
    a_change_is_of_one_type:
        "user::Patch::new().set(user::DISPLAY_NAME, \"A\");",
        "user::Patch::new().set(message::SUBJECT, \"A\");";
    /// What the service computes is not set.
    what_is_read_only_is_not_set:
        "managed_device::Patch::new().set(managed_device::MANAGED_DEVICE_NAME, \"A\");",
        "managed_device::Patch::new().set(managed_device::DEVICE_NAME, \"A\");";
    /// What is set on creation is not changed.
    what_is_create_only_is_not_set:
        "user::Patch::new().set(Property::<User, String, Writable>::Named(\"a\"), \"A\");",
        "user::Patch::new().set(Property::<User, String, CreateOnly>::Named(\"a\"), \"A\");";
    /// An update takes changes to what it updates.
    an_update_takes_changes_to_its_type:
        "client.users().by_id(\"a\").update(user::Patch::new());",
        "client.users().by_id(\"a\").update(message::Patch::new());";
    /// A value becomes one of a derived type only.
    a_value_becomes_what_derives_from_its_type:
        "object.downcast::<User>();",
        "object.downcast::<Message>();";
}
