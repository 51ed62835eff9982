from .course import Course as Course
from .laws import Motion as Motion
