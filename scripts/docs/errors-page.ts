export function errorsPage(): string {
  return "# Errors";
}
