"""What happens to each part: prepared, admitted, rendered."""
