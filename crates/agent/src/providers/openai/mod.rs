//! OpenAI-compatible chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp and others.

mod accumulate;
mod chunk;
mod provider;
mod request;

pub use provider::OpenAi;

#[cfg(test)]
pub(crate) mod tests;
