namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The engine accepted an input, but its result breaks a promise.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);
