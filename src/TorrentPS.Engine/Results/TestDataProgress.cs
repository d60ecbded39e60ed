namespace TorrentPS;

/// <summary>How far the checking of data has come.</summary>
/// <param name="BytesChecked">Bytes in the pieces that are checked.</param>
/// <param name="BytesTotal">Bytes in all pieces to check.</param>
public readonly record struct TestDataProgress(long BytesChecked, long BytesTotal);
