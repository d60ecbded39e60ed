namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Sends a connection's packets.</summary>
internal interface IUtpOutput
{
    /// <summary>Sends consecutive packets.</summary>
    /// <param name="packets">The packets.</param>
    /// <param name="length">The length of each but the last, which may be shorter.</param>
    /// <param name="isProbe">Whether fragmentation is forbidden.</param>
    /// <returns>False if it is a probe and too long for this machine's own network.</returns>
    bool Send(ReadOnlySpan<byte> packets, int length, bool isProbe);
}
