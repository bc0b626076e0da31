// How long a test may take.

public import Testing

extension Trait where Self == TimeLimitTrait {
    /// For what might wait for ever: such a test fails, and says where it hangs. The time counts from the beginning of the whole run, while a test
    /// still waits for its turn, so it is not a measure of the test: a slow machine under a sanitizer takes more than a minute for all of them.
    public static var mustEnd: Self { .timeLimit(.minutes(5)) }
}
