//! OpenAI-compatible chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp and others.

mod accumulate;
mod answer_error;
mod chunk;
mod offer;
mod provider;
mod request;
mod settings;
mod sse;

pub use provider::OpenAi;
pub use settings::OpenAiSettings;

#[cfg(test)]
mod tests;
