"""What accelerators are called by whoever asks for them, counts them or hands them out."""

RESOURCE = "nvidia.com/gpu"
"""What a pod's limits call a GPU, simulated or real."""
SIMULATED_CLASS = "gpu.example.com"
"""The DeviceClass of simulated devices, which is their driver's name too."""
