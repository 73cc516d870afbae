"""The Streamlit app. Drives core; holds no science of its own."""
