from doorward_stub import doorward, doorward_process

__all__ = ["doorward", "doorward_process"]
