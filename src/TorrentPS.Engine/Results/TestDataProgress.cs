namespace TorrentPS;

/// <summary>The progress of a check of data.</summary>
/// <param name="BytesChecked">Bytes in the checked pieces.</param>
/// <param name="BytesTotal">Bytes in all pieces to check.</param>
public readonly record struct TestDataProgress(long BytesChecked, long BytesTotal);
