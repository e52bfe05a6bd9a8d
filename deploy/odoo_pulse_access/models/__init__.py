from . import ir_model_access
