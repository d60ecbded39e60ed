namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway did not map a port. The message is part of a sentence.</summary>
/// <param name="message">The reason.</param>
/// <param name="code">The error code of its protocol; 0 for none.</param>
/// <param name="inner">The cause.</param>
internal sealed class GatewayException(string message, int code = 0, Exception? inner = null) : Exception(message, inner)
{
    public int Code => code;
}
