using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Xunit.v3;

namespace TorrentPS;

/// <summary>No test passes without checking anything: each asserts something, itself or in the methods it calls in its project.</summary>
public sealed class EveryTestAssertsTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly s_tests = typeof(EveryTestAssertsTests).Assembly;
    private static readonly Dictionary<short, OpCode> s_codes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void Every_test_asserts_something()
    {
        MethodInfo[] tests = [.. s_tests.GetTypes().SelectMany(type => type.GetMethods(Declared)).Where(method => method.GetCustomAttributes().OfType<IFactAttribute>().Any())];
        Assert.NotEmpty(tests);
        Assert.Empty(tests.Where(test => !Asserts(test)).Select(test => $"{test.DeclaringType!.Name}.{test.Name}"));
    }

    [Fact]
    public void A_test_without_an_assertion_is_found()
    {
        Assert.False(Asserts(GetType().GetMethod(nameof(LooksAtNothing), Declared)!));
        Assert.True(Asserts(GetType().GetMethod(nameof(Every_test_asserts_something), Declared)!));
    }

    private static async Task LooksAtNothing()
    {
        Assert.SkipWhen(Environment.CurrentManagedThreadId < 0, "A skip is no assertion.");
        await Task.Yield();
        _ = Record.Exception(() => GC.KeepAlive(s_tests));
    }

    private static bool Asserts(MethodInfo test)
    {
        // The result of a property is asserted by its runner.
        if (test.ReturnType != typeof(void) && test.ReturnType != typeof(Task) && test.ReturnType != typeof(ValueTask))
            return true;
        HashSet<MethodBase> seen = [test];
        Queue<MethodBase> left = new(seen);
        while (left.TryDequeue(out MethodBase? method))
        {
            foreach ((OpCode code, MethodBase? used) in Instructions(method))
            {
                // A wait throws if its condition does not come to hold.
                if (code == OpCodes.Throw || (used?.DeclaringType == typeof(Assert) && !used.Name.StartsWith("Skip", StringComparison.Ordinal)))
                    return true;
                MethodBase? definition = used is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : used;
                if (definition?.DeclaringType?.Assembly == s_tests && seen.Add(definition))
                    left.Enqueue(definition);
            }

            if (method.GetCustomAttribute<StateMachineAttribute>()?.StateMachineType.GetMethod("MoveNext", Declared) is { } moveNext && seen.Add(moveNext))
                left.Enqueue(moveNext);
        }

        return false;
    }

    /// <summary>The instructions of a method, with the methods they refer to.</summary>
    private static IEnumerable<(OpCode Code, MethodBase? Used)> Instructions(MethodBase method)
    {
        byte[] bytes = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < bytes.Length;)
        {
            short value = bytes[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | bytes[at++]);
            OpCode code = s_codes[value];
            MethodBase? used = null;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineTok)
            {
                Type[]? ofType = method.DeclaringType?.GetGenericArguments(), ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
                used = method.Module.ResolveMember(BitConverter.ToInt32(bytes, at), ofType, ofMethod) as MethodBase;
            }

            yield return (code, used);
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(bytes, at),
                _ => 4,
            };
        }
    }
}
