namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>The engine let an input through, but what it made of it is not what it promises.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);
