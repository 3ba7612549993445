//! The pages and what they load, from inside the binary.
//!
//! | file | what |
//! | --- | --- |
//! | `embedded` | the files under `assets/`, as they are built in |
//! | `texts` | the words of each language, and which one a browser asks for |
//! | `page` | one page with its words filled in |
//! | `site` | pages and assets as they are served: assets under one digest, both compressed |
//! | `handlers` | the answers |
//! | `people` | refusals as pages, for people |

pub mod embedded;
pub mod handlers;
mod page;
pub mod people;
pub mod site;
pub mod texts;
