"""What runs when: schedules, tasks on demand, and who carries them out."""
